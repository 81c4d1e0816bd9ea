package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/web/webtest"
)

// A config that is refused is shown to an admin, in a real browser, with the place of its mistake, until
// the file is good again. Others are told nothing of it.
func TestReloadRefusedOnThePage(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-an-admin-for-this-test"
	good := reloadBase + fmt.Sprintf("access: { tokens: [{ name: boss, sha256: %q, roles: [admin] }] }\n", fmt.Sprintf("%x", sha256.Sum256([]byte(token)))) + deviceLines("core-1", "tower-7")
	r := startReloading(t, good)
	b := webtest.Open(t)
	const live, shown = `document.querySelector(".connection [role=status]").textContent === "Live"`, `document.querySelector(".config-refused > code")`
	r.write(good + "laness: { live: 5s }\n")
	r.post()
	b.Go(r.base)
	b.Until("the list, and nothing for everybody", live+" && "+shown+" === null")
	b.Run(webtest.Script(fmt.Sprintf(`fetch("v1/login", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({token: %q})}).then(a => window.answered = a.status)`, token)))
	b.Until("the login", `window.answered < 300`)
	b.Go(r.base)
	place := fmt.Sprintf("%s:%d:1: laness", r.file, strings.Count(good, "\n")+1)
	b.Until("the mistake and its place", fmt.Sprintf(`%s?.textContent.startsWith(%q)`, shown, place))
	r.write(good)
	r.post()
	b.Until("it is gone", live+" && "+shown+" === null")
}
