package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/r3labs/sse/v2"
	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/configs"
)

// tailOptions are the flags of tail.
type tailOptions struct {
	url, token, tokenFile string
	routers               []string
	json                  bool
}

func newTail(io streams) *cobra.Command {
	opts := tailOptions{url: "http://127.0.0.1:8080"}
	cmd := &cobra.Command{
		Use: "tail [CHANNEL…]", Short: "Follow channels of the live stream in the terminal",
		Example: "  routerpulse tail public-routers\n  routerpulse tail private-router-status --url https://pulse.example.net --token-file token.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"public-routers"}
			}
			t, err := newTailer(opts, args, io.out)
			if err != nil {
				return err
			}
			return t.follow(cmd.Context(), io.err)
		}}
	f := cmd.Flags()
	f.StringVar(&opts.url, "url", opts.url, "where RouterPulse listens")
	f.StringVar(&opts.token, "token", "", "token for private channels (also ROUTERPULSE_TOKEN)")
	f.StringVar(&opts.tokenFile, "token-file", "", "file that holds the token")
	f.StringSliceVar(&opts.routers, "router", nil, "only these routers")
	f.BoolVar(&opts.json, "json", false, "print each frame as one line of JSON")
	return cmd
}

// tailer follows a stream. It keeps its own cursor: it resumes after the last frame that it has
// printed, and a frame that was cut in the middle moves nothing.
type tailer struct {
	url    string
	token  configs.Secret
	json   bool
	out    io.Writer
	cursor string
	pause  time.Duration
	over   error // why following makes no sense any more
	bye    error // why the server ended this connection, if it said so
}

func newTailer(opts tailOptions, channels []string, out io.Writer) (*tailer, error) {
	base, err := url.Parse(opts.url)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.User != nil {
		// what was given is not repeated: a password may be in it
		return nil, usageError{errors.New("--url: an address like http://127.0.0.1:8080 is needed; a token goes into --token-file")}
	}
	t := &tailer{json: opts.json, out: out, token: configs.NewSecret(cmp.Or(opts.token, os.Getenv("ROUTERPULSE_TOKEN")))}
	if opts.tokenFile != "" {
		if t.token, err = configs.ReadSecretFile(opts.tokenFile); err != nil {
			return nil, err
		}
	}
	t.url = base.JoinPath("v1/stream").String() + "?" + url.Values{"channel": channels, "router": opts.routers, "es": {"0"}}.Encode()
	return t, nil
}

// follow reads the stream until ctx ends, and comes back to where it was when the connection ends.
func (t *tailer) follow(ctx context.Context, errOut io.Writer) error {
	for t.over == nil && ctx.Err() == nil {
		t.pause, t.bye = 3*time.Second, nil
		if err := t.connect(ctx); t.over == nil && ctx.Err() == nil {
			t.rest(ctx, err, errOut)
		}
	}
	return t.over
}

// rest waits before the next connection, and says why.
func (t *tailer) rest(ctx context.Context, err error, errOut io.Writer) {
	switch {
	case t.bye != nil:
		err = t.bye
	case err == nil:
		err = errors.New("the connection ended")
	}
	fmt.Fprintf(errOut, "%s; connecting again in %s\n", printable(err.Error()), t.pause.Round(100*time.Millisecond))
	select {
	case <-time.After(t.pause):
	case <-ctx.Done():
	}
}

func (t *tailer) connect(ctx context.Context) error {
	c := sse.NewClient(t.url, sse.ClientMaxBufferSize(1<<20))
	c.ReconnectStrategy = noRetry{} // the client's own gives up after 15 minutes; follow never does
	c.ResponseValidator = func(_ *sse.Client, resp *http.Response) error { return t.judge(resp) }
	if !t.token.IsZero() {
		c.Headers["Authorization"] = "Bearer " + t.token.Reveal()
	}
	if t.cursor != "" {
		c.LastEventID.Store([]byte(t.cursor))
	}
	return c.SubscribeRawWithContext(ctx, t.frame)
}

// judge ends the tail on an answer that will not change by itself.
func (t *tailer) judge(resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	var problem struct{ Title, Detail string }
	_ = json.Unmarshal(body, &problem)
	err := fmt.Errorf("%s: %s", resp.Status, printable(cmp.Or(problem.Detail, problem.Title, strings.TrimSpace(string(body)))))
	if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
		t.over = err
	}
	return err
}

// frame prints one frame and then moves the cursor.
func (t *tailer) frame(e *sse.Event) {
	if len(e.Retry) > 0 {
		if ms, err := time.ParseDuration(strings.TrimSpace(string(e.Retry)) + "ms"); err == nil {
			t.pause = min(max(ms, 100*time.Millisecond), time.Minute)
		}
	}
	if len(e.Data) == 0 || !json.Valid(e.Data) {
		return // nothing to show, or cut in the middle
	}
	if t.json {
		name, _ := json.Marshal(string(e.Event)) // a text never fails
		fmt.Fprintf(t.out, "{\"event\":%s,\"data\":%s}\n", name, e.Data)
	} else {
		printFrame(t.out, string(e.Event), e.Data)
	}
	if string(e.Event) == "bye" {
		t.leave(e.Data)
	}
	if len(e.ID) > 0 {
		t.cursor = string(e.ID)
	}
}

// leave notes why the server ends the stream, and whether it wants to see us again.
func (t *tailer) leave(data []byte) {
	var bye struct {
		Code, Why string
		Reconnect bool
	}
	_ = json.Unmarshal(data, &bye) // another form says nothing, and then we come back
	t.bye = fmt.Errorf("the server ended the stream: %s", printable(cmp.Or(bye.Why, bye.Code, "it gave no reason")))
	if !bye.Reconnect && bye.Code != "" {
		t.over = t.bye
	}
}

// noRetry makes the client return when its connection ends.
type noRetry struct{}

// NextBackOff says stop.
func (noRetry) NextBackOff() time.Duration { return -1 }

// Reset has nothing to do.
func (noRetry) Reset() {}
