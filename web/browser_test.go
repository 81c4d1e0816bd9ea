package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/web/webtest"
)

var (
	publicRouters = webtest.Channel{Name: "public-routers", Topics: []string{"router.live", "router.status", "router.connected"}}
	interfaces    = webtest.Channel{Name: "public-interfaces", Topics: []string{"router.interfaces"}}
	stats         = webtest.Channel{Name: "private-dashboard-stats", Topics: []string{"dashboard.stats"}, Private: true}
)

func router(i int) string { return fmt.Sprintf("router-%02d", i) }

// fill gives the fake 30 routers, which is more than one part of a snapshot.
func fill(f *webtest.Fake) {
	rows := map[string]webtest.Row{}
	for i := range 30 {
		rows["router/"+router(i)] = webtest.Row{"status": "online", "since": 1, "last_good": time.Now().UnixMilli(), "model": "hEX S",
			"version": "7.20.6", "cpu_percent": 7, "rx_bits_per_second": 1000000 * i, "tx_bits_per_second": 5000, "uptime_seconds": 3600}
	}
	f.SetAll("router.live", rows)
}

// cell is what a column shows of a router.
func cell(i int, column string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".fleet .table-body .row")].find(r => r.querySelector("a").textContent === %q).querySelector(".c-%s").textContent`, router(i), column)
}

const (
	mark      = `document.querySelector(".connection [role=status]").textContent`
	trouble   = `document.querySelector(".trouble").textContent`
	rowsShown = `document.querySelectorAll(".fleet .table-body .row").length`
	live      = mark + ` === "Live"`
)

// open starts a browser on a filled fake that shows a live list.
func open(t *testing.T, f *webtest.Fake) *webtest.Browser {
	t.Helper()
	fill(f)
	b := webtest.Open(t)
	b.Go(f.URL)
	b.Until("the list is live", live)
	return b
}

func noErrors(t *testing.T, b *webtest.Browser) {
	t.Helper()
	for _, e := range b.Errors() {
		t.Errorf("in the console: %s", e)
	}
}

func TestBrowserList(t *testing.T) {
	f := webtest.NewFake(t, page(t), publicRouters, stats)
	b := open(t, f)
	b.Until("all states are counted", `document.querySelector(".chip").textContent.replace(/\s+/g, " ") === "All 30"`)
	b.Until("the first row is there", cell(0, "cpu")+` === "7 %"`)
	b.Run(webtest.Script(`window.stillHere = true`))

	f.Set("router.live", "router/"+router(3), webtest.Row{"cpu_percent": 83, "last_good": time.Now().UnixMilli()})
	b.Until("a value changes", cell(3, "cpu")+` === "83 %"`)

	f.Set("router.live", "router/"+router(5), webtest.Row{"status": "offline", "reason": "no answer from 10.0.0.5"})
	f.Event("router.status", webtest.Row{"router": router(5), "from": "online", "to": "offline", "reason": "no answer from 10.0.0.5"})
	b.Until("a router goes offline", cell(5, "state")+` === "offline"`)
	b.Until("the reason is shown", cell(5, "name")+`.includes("no answer from 10.0.0.5")`)
	b.Until("the change is listed", `document.querySelector(".changes li").textContent.includes("offline")`)
	b.Until("the title counts it", `document.title === "(1) RouterPulse"`)

	f.Set("router.live", "router/"+router(29), nil)
	b.Until("a removed router is gone", `document.querySelector(".chip").textContent.replace(/\s+/g, " ") === "All 29"`)
	b.Until("the page was never loaded again", `window.stillHere`)
	noErrors(t, b)
	if errs := b.NetworkErrors(); len(errs) > 0 {
		t.Errorf("requests failed: %q", errs)
	}
}

// An admin sees that the config was refused, where its mistake is, and that it is corrected.
func TestBrowserShowsARefusedConfig(t *testing.T) {
	health := webtest.Channel{Name: "admin-pipeline", Topics: []string{"pipeline.health"}}
	f := webtest.NewFake(t, page(t), publicRouters, health)
	f.Set("pipeline.health", "config", webtest.Row{"last_reload_successful": true, "problem": "", "problems": 0, "time": time.Now().UnixMilli()})
	b := open(t, f)
	b.Until("nothing is said of a good config", `document.querySelector(".config-refused") === null`)
	const problem = "/etc/routerpulse/routerpulse.yaml:12:3: laness: unknown key <b>; did you mean lanes?"
	f.Set("pipeline.health", "config", webtest.Row{"last_reload_successful": false, "problem": problem, "problems": 3, "time": time.Now().UnixMilli()})
	b.Until("the mistake is shown with its place", fmt.Sprintf(`document.querySelector(".config-refused > code")?.textContent === %q`, problem))
	b.Until("and that there are others", `document.querySelector(".config-refused").textContent.includes("2 more problems")`)
	f.Set("pipeline.health", "config", webtest.Row{"last_reload_successful": true, "problem": "", "problems": 0})
	b.Until("a good config takes it away", `document.querySelector(".config-refused") === null`)
	noErrors(t, b)
}

func TestBrowserKeepsItsStateInTheAddress(t *testing.T) {
	f := webtest.NewFake(t, page(t), publicRouters)
	b := open(t, f)
	b.Type("input[type=search]", "router-1")
	b.Until("the filter works", rowsShown+` === 10`)
	b.Click(".c-rx button")
	b.Until("the greatest is first", `document.querySelector(".fleet .table-body .row a").textContent === "router-19"`)
	hash := b.Text(`location.hash`)
	if hash != "#/?q=router-1&sort=-rx" {
		t.Errorf("the hash is %s", hash)
	}
	b.Go("about:blank")
	b.Go(f.URL + hash)
	b.Until("the address brings it back", rowsShown+` === 10 && document.querySelector(".fleet .table-body .row a").textContent === "router-19"`)
	noErrors(t, b)
}

func TestBrowserReconnects(t *testing.T) {
	f := webtest.NewFake(t, page(t), publicRouters)
	b := open(t, f)
	f.Drop()
	b.Until("the break is shown, with a countdown", trouble+`.includes("The connection was lost")`)
	b.Until("the values stay", rowsShown+` >= 20`)
	f.Set("router.live", "router/"+router(3), webtest.Row{"cpu_percent": 61})
	b.Until("it is live again", live)
	b.Until("what was missed is there", cell(3, "cpu")+` === "61 %"`)
	if opened, resumed := f.Streams(); opened != 2 || resumed != 1 {
		t.Errorf("%d streams, %d of them resumed", opened, resumed)
	}

	f.Restart()
	b.Until("a restart is called one", mark+` === "Server restarting"`)
	b.Click(".trouble button")
	b.Until("it is live after a restart", live)
	if _, resumed := f.Streams(); resumed != 1 {
		t.Errorf("a cursor of before the restart was honoured")
	}
	noErrors(t, b)
}

func TestBrowserSessionExpires(t *testing.T) {
	private := publicRouters
	private.Private = true
	f := webtest.NewFake(t, page(t), private)
	f.Login(true)
	b := open(t, f)
	f.Login(false)
	f.Refuse("your session has ended")
	f.Drop()
	b.Until("it is said", mark+` === "Session expired"`)
	b.Until("a login is asked for over the page", `document.querySelector("dialog[open] #token") && `+rowsShown+` >= 20`)
	b.Type("dialog #token", webtest.Token)
	b.Click("dialog button.primary")
	b.Until("it is live again", live+` && !document.querySelector("dialog[open]")`)
	noErrors(t, b)
}

func TestBrowserLogsIn(t *testing.T) {
	private := publicRouters
	private.Private = true
	f := webtest.NewFake(t, page(t), private, stats)
	fill(f)
	f.Set("dashboard.stats", "fleet", webtest.Row{"rx_bits_per_second": 2.5e9, "ppp_sessions": 1204})
	b := webtest.Open(t)
	b.Go(f.URL + "?login=expired")
	b.Until("the link is explained", `document.querySelector(".notice").textContent.includes("login link was used already")`)
	b.Until("the reasons are shown", `document.querySelector(".locked").textContent.includes("this channel needs a login")`)
	b.Type("#token", "wrong")
	b.Click("button.primary")
	b.Until("a wrong token is refused with the reason", `document.querySelector(".refused").textContent === "This token is not known here."`)
	b.Run(webtest.Script(`document.querySelector("#token").select()`))
	b.Type("#token", webtest.Token)
	b.Click("button.primary")
	b.Until("the list is live", live)
	b.Until("the sums are there", `document.querySelector(".stats").textContent.includes("2.5 Gbps")`)
	b.Click(".identity button")
	b.Until("after the logout nothing is shown", `document.querySelector("#token") && !document.querySelector(".fleet")`)
	noErrors(t, b)
}

func TestBrowserRouter(t *testing.T) {
	f := webtest.NewFake(t, page(t), publicRouters, interfaces)
	f.History(wave)
	f.SetAll("router.interfaces", map[string]webtest.Row{
		"interface/" + router(4) + "/ether1":     {"type": "ether", "admin_status": "up", "oper_status": "up", "speed_bits_per_second": 1e9, "rx_bits_per_second": 5e8, "rx_utilisation_percent": 50},
		"interface/" + router(4) + "/ether2":     {"type": "ether", "admin_status": "up", "oper_status": "down", "rx_bits_per_second": 0},
		"interface/" + router(4) + "/bridge-lan": {"type": "bridge", "admin_status": "up", "oper_status": "up", "rx_bits_per_second": 1e6},
		"interface/" + router(6) + "/ether1":     {"type": "ether", "oper_status": "up"},
	})
	b := open(t, f)
	b.Run(webtest.Script(`[...document.querySelectorAll(".fleet a")].find(a => a.textContent === "` + router(4) + `").click()`))
	b.Until("the router is named", `document.querySelector("h1").textContent === "`+router(4)+`"`)
	b.Until("its three interfaces are there, and no other's", `document.querySelectorAll(".ports .table-body .row").length === 3`)
	b.Until("both charts are drawn", drawn(0)+" && "+drawn(1))
	b.Until("nothing is said to be missing", `!document.querySelector(".chart > .aside")`)

	f.Set("router.interfaces", "interface/"+router(4)+"/ether1", webtest.Row{"rx_bits_per_second": 7e8})
	b.Until("a rate changes", `document.querySelector(".ports .table-body").textContent.includes("700 Mbps")`)

	f.Set("router.live", "router/"+router(4), webtest.Row{"last_good": time.Now().UnixMilli(), "cpu_percent": 42, "rx_bits_per_second": 123e6})
	b.Until("the charts go on live", `document.querySelector(".charts").textContent.includes("42 %") && document.querySelector(".charts").textContent.includes("123 Mbps")`)

	b.Run(webtest.Script(`[...document.querySelectorAll(".port")].find(p => p.textContent === "ether1").click()`))
	b.Until("an interface is charted", `document.querySelector(".chart h2").textContent.includes("ether1") && location.hash.endsWith("?if=ether1")`)
	b.Run(webtest.Script(`history.back()`))
	b.Until("back leads back", `document.querySelector(".chart h2").textContent === "Traffic of all ports"`)
	noErrors(t, b)
}

func TestBrowserWithoutHistory(t *testing.T) {
	f := webtest.NewFake(t, page(t), publicRouters)
	b := open(t, f)
	b.Go(f.URL + "#/router/" + router(4))
	b.Until("the reason is shown", `document.querySelectorAll(".chart > .aside")[1].textContent.includes("No history here: the role viewer is needed")`)
	b.Until("why there are no interfaces, too", `document.querySelector(".interfaces").textContent.includes("no channel carries router.interfaces")`)
	f.Set("router.live", "router/"+router(4), webtest.Row{"last_good": time.Now().UnixMilli(), "cpu_percent": 42})
	b.Until("the tail runs", `document.querySelector(".charts").textContent.includes("42 %")`)
	noErrors(t, b)
}

func TestBrowserWithoutRouters(t *testing.T) {
	f := webtest.NewFake(t, page(t), publicRouters)
	b := webtest.Open(t)
	b.Go(f.URL)
	b.Until("the way to the first router is shown", `document.querySelector("pre").textContent.includes("devices:")`)
	noErrors(t, b)
}

func TestBrowserManyRows(t *testing.T) {
	f := webtest.NewFake(t, page(t), publicRouters)
	rows := map[string]webtest.Row{}
	for i := range 3000 {
		rows[fmt.Sprintf("router/r-%04d", i)] = webtest.Row{"status": "online", "last_good": time.Now().UnixMilli(), "cpu_percent": i % 100}
	}
	f.SetAll("router.live", rows)
	b := webtest.Open(t)
	b.Go(f.URL)
	b.Until("the list is live", live)
	b.Until("only what is in view exists", rowsShown+` > 10 && `+rowsShown+` < 100`)
	b.Run(webtest.Script(`scrollTo(0, document.body.scrollHeight)`))
	b.Until("the end can be seen", `document.querySelector(".fleet .table-body").textContent.includes("r-2999")`)

	b.Run(webtest.Script(`scrollTo(0, 50000)`))
	b.Until("the middle can be seen", `[...document.querySelectorAll(".fleet .table-body a")].some(a => a.getBoundingClientRect().top > 300)`)
	b.Run(webtest.Script(`requestAnimationFrame(() => [...document.querySelectorAll(".fleet .table-body a")].find(a => a.getBoundingClientRect().top > 300).click())`))
	b.Until("a router is shown from its top", `document.querySelector("article.router") && scrollY === 0`)
	b.Run(webtest.Script(`history.back()`))
	b.Until("the list is where it was left", `document.querySelector(".fleet") && scrollY === 50000`)
	noErrors(t, b)
}

// drawn is true when a chart's canvas has pixels in a strong colour, which only a line has.
func drawn(n int) string {
	return fmt.Sprintf(`(() => { const c = document.querySelectorAll(".plot canvas")[%d];
		const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
		for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 150 && Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 60) return true; return false })()`, n)
}

// wave answers any range query with a line that rises and falls.
func wave(w http.ResponseWriter, r *http.Request) {
	number := func(name string) float64 {
		v, err := strconv.ParseFloat(r.URL.Query().Get(name), 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		return v
	}
	var values [][]any
	for at := number("start"); at <= number("end"); at += max(number("step"), 1) {
		values = append(values, []any{at, strconv.Itoa(int(at/60) % 80)})
	}
	body := webtest.Row{"status": "success", "data": webtest.Row{"resultType": "matrix", "result": []webtest.Row{{"metric": webtest.Row{}, "values": values}}}}
	if err := json.NewEncoder(w).Encode(body); err != nil {
		return // the browser went away
	}
}
