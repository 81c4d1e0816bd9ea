package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/web/webtest"
)

// Compressed streams as others read them: Chromium, through nginx and without it, curl, and Go's client.
func TestCompressedForOthers(t *testing.T) {
	p := startProxied(t, map[string]string{"native.html": native})
	compressed := func() float64 { return metric(t, p.upstream, "routerpulse_stream_compressed_total") }
	n := compressed()
	more := func(who string) {
		t.Helper()
		await(t, who+" is sent gzip", func() bool { return compressed() > n })
		n = compressed()
	}
	b := webtest.Open(t)
	b.Go(p.base + "/app/native.html?channel=public-routers")
	b.Until("live through nginx", `state === "live" && `+fiveRows)
	more("Chromium behind nginx")
	inSync(t, p.base, b)
	more("Go's client behind nginx")
	page := b.Tab()
	page.Go(p.upstream + "/")
	more("Chromium")
	page.Until("the page shows the routers", `document.body.textContent.includes("core-1")`)

	for _, base := range []string{p.base, p.upstream} {
		var stderr bytes.Buffer
		curl := exec.Command("curl", "-sSN", "--compressed", base+"/v1/stream?channel=public-routers")
		out := &output{}
		curl.Stdout, curl.Stderr = out, &stderr
		if err := curl.Start(); err != nil {
			t.Fatalf("this test needs curl: %v", err)
		}
		more("curl")
		await(t, "curl prints frames as they come", func() bool { return strings.Contains(out.String(), "event: delta") })
		if base == p.base {
			_ = curl.Process.Kill()
			_ = curl.Wait()
			continue
		}
		p.stop()
		if err := curl.Wait(); err != nil || !strings.Contains(out.String(), "event: bye") {
			t.Errorf("curl: %v: %s", err, stderr.String())
		}
	}
}
