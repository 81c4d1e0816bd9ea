// Package webtest drives the live page in a real browser, and fakes the server behind it. Only tests
// use it.
package webtest

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Patience is how long a condition may take to come true; far more than it should.
const Patience = 20 * time.Second

// Browser is one tab of a headless Chromium.
type Browser struct {
	t   *testing.T
	ctx context.Context

	mu      sync.Mutex
	errors  []string
	network []string
}

// Open starts Debian's chromium with a profile of its own, and ends it with the test.
func Open(t *testing.T) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("this test needs Debian's chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // tests may run as root, which chromium refuses otherwise
		chromedp.DisableGPU,
		chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.WindowSize(1360, 860),
	)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAlloc)
	return newTab(alloc, t)
}

// Tab opens another tab of the same browser; its page shares what pages of one origin share.
func (b *Browser) Tab() *Browser {
	b.t.Helper()
	return newTab(b.ctx, b.t)
}

// newTab opens a tab, in a new browser if parent has none, and closes what it opened with the test.
func newTab(parent context.Context, t *testing.T) *Browser {
	t.Helper()
	ctx, stop := chromedp.NewContext(parent)
	b := &Browser{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // starts it, without a deadline, which would end it again
		t.Fatalf("chromium does not start: %v", err)
	}
	listening := make(chan struct{})
	messages := chromedp.Console(ctx)
	go func() {
		defer close(listening)
		b.listen(messages)
	}()
	t.Cleanup(func() {
		// Waits for the browser, so that nothing writes to the profile any more when it is removed.
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("chromium did not end by itself: %v", err)
		}
		stop()
		<-listening
	})
	return b
}

// listen collects what the page complains about.
func (b *Browser) listen(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range messages {
		if err != nil {
			return // the browser ends
		}
		b.mu.Lock()
		switch {
		case m.Source == "network" && m.Type == "error":
			b.network = append(b.network, m.Text+" ("+m.URL+")")
		case m.IsException() || m.Type == "error" || m.Type == "assert":
			b.errors = append(b.errors, m.String())
		}
		b.mu.Unlock()
	}
}

// Errors are the errors of the page's console so far: exceptions, console.error, refusals of the content
// security policy. Requests that failed are not among them.
func (b *Browser) Errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.errors...)
}

// NetworkErrors are the requests that failed or were answered by 400 and above. A test that refuses or
// drops connections on purpose expects them.
func (b *Browser) NetworkErrors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.network...)
}

// Context is chromedp's, for what is not wrapped here.
func (b *Browser) Context() context.Context { return b.ctx }

// Run runs actions, for at most Patience.
func (b *Browser) Run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v\n%s", err, b.state())
	}
}

// Go opens an address and waits until it is loaded.
func (b *Browser) Go(url string) {
	b.t.Helper()
	b.Run(chromedp.Navigate(url))
}

// Until waits for an expression of JavaScript to be true; what says what was waited for. An expression
// that throws is not true yet.
func (b *Browser) Until(what, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && ok {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.t.Fatalf("%s: not within %s (last error: %v)\n%s", what, Patience, err, b.state())
		}
	}
}

// Text evaluates an expression of JavaScript that gives a string.
func (b *Browser) Text(expression string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", expression, err, b.state())
	}
	return text
}

// Click clicks the first element that the CSS selector finds.
func (b *Browser) Click(selector string) {
	b.t.Helper()
	b.Run(chromedp.Click(chromedp.CSS(selector)))
}

// Type types into the first element that the CSS selector finds.
func (b *Browser) Type(selector, text string) {
	b.t.Helper()
	b.Run(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Size sets the size of the view in CSS pixels.
func (b *Browser) Size(width, height int64) {
	b.t.Helper()
	b.Run(chromedp.EmulateViewport(width, height))
}

// Dark switches prefers-color-scheme.
func (b *Browser) Dark(on bool) {
	b.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[on]
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.t.Fatal(err)
	}
}

// Screenshot writes what is in view as a PNG.
func (b *Browser) Screenshot(path string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// state is what the page shows, for the message of a failure.
func (b *Browser) state() string {
	ctx, cancel := context.WithTimeout(b.ctx, 3*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 1500)`))
	if err != nil {
		text = "(the page cannot be read: " + err.Error() + ")"
	}
	return fmt.Sprintf("%s\nerrors: %q\nnetwork: %q", text, b.Errors(), b.NetworkErrors())
}

// Script is an action that runs JavaScript and leaves its result.
func Script(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](expression)
}
