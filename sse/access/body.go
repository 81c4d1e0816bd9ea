package access

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
)

// ReadBody reads a request's body, of at most so many bytes. By when it has to be there the server says.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *Problem) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &Problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", limit)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &Problem{Status: http.StatusRequestTimeout, Detail: "the body took too long to come"}
	case err != nil:
		return nil, &Problem{Status: http.StatusBadRequest, Detail: "the body did not come whole"}
	}
	return body, nil
}
