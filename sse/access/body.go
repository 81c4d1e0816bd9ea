package access

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// bodyTime is how long a client may take to send a body.
const bodyTime = 10 * time.Second

// ReadBody reads a request's body, of at most so many bytes.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *Problem) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // a reader that has none is in memory
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &Problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body is larger than %d bytes", limit)}
	case err != nil:
		return nil, &Problem{Status: http.StatusBadRequest, Detail: "the body did not come whole, or took longer than ten seconds"}
	}
	return body, nil
}
