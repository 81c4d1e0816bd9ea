package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/influxdb"
)

// config reads the config. known is false where there is none, or a bad one; an error where one is needed.
func (d *diagnosis) config(o doctorOptions) (cfg Config, known bool, err error) {
	name, err := configFile(o.file)
	if err != nil && o.url != "" {
		return cfg, false, nil // the instance alone is looked at
	}
	if err != nil {
		return cfg, false, err
	}
	cfg, _, err = readConfig(name, o.flags)
	var problems configs.Problems
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			d.wrong("config", p.Error(), "")
		}
		return cfg, false, nil
	case err != nil:
		d.wrong("config", fmt.Sprintf("%s: %v", name, err), "correct it; 'routerpulse check' says whether it is good")
		return cfg, false, nil
	}
	for _, advice := range cfg.Advice() {
		d.note("config", advice, "")
	}
	d.fine("config", fmt.Sprintf("%s: %d devices, %d channels", name, len(cfg.Collectors.Devices), len(cfg.Stream.Channels)))
	return cfg, true, nil
}

// lowRoom is from where on a disk is nearly full: a share of it, but not more than so many bytes.
const (
	lowRoomShare = 10 // a tenth
	lowRoomBytes = 4 << 30
)

// folder looks whether the data folder can be written to and has room.
func (d *diagnosis) folder(cfg Config) {
	dir := cfg.dataFolder()
	if dir == "" {
		d.fine("data", "nothing is kept on the disk")
		return
	}
	if at, err := filepath.Abs(dir); err == nil {
		dir = at
	}
	there := dir
	for { // the first that is there: the rest is made at the start
		if _, err := os.Stat(there); err == nil || there == filepath.Dir(there) {
			break
		}
		there = filepath.Dir(there)
	}
	if err := unix.Access(there, unix.W_OK|unix.X_OK); err != nil {
		d.wrong("data", fmt.Sprintf("this user cannot write to %s: %v", there, err), "give it to the user that runs RouterPulse: chown -R routerpulse "+there)
		return
	}
	free, total, err := roomIn(there)
	switch {
	case err != nil:
		d.wrong("data", fmt.Sprintf("%s: %v", there, err), "look at the disk: dmesg")
	case free < min(total/lowRoomShare, lowRoomBytes):
		d.wrong("data", fmt.Sprintf("the disk of %s is nearly full: %s of %s are free", dir, mebibytes(free), mebibytes(total)),
			"make room, or lower storage: embedded: retention or the max_bytes of the spools")
	default:
		d.fine("data", fmt.Sprintf("%s can be written to and has %s of room", dir, mebibytes(free)))
	}
}

func roomIn(dir string) (free, total int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	block := int64(s.Bsize) //nolint:unconvert // its type is another on other systems
	return int64(s.Bavail) * block, int64(s.Blocks) * block, nil
}

// port looks whether the web server could listen.
func (d *diagnosis) port(ctx context.Context, cfg Config) {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", cfg.Web.Listen)
	if err != nil {
		d.wrong("web", err.Error(), "something else listens there, or this machine has no such address: choose another with web: { listen: … }")
		return
	}
	_ = l.Close() // nothing came
	d.fine("web", cfg.Web.Listen+" is free")
}

// The bounds of asking routers.
const (
	routersAtOnce = 32
	routersTime   = 30 * time.Second
	routerTime    = 5 * time.Second
)

// routers asks each router the cheapest question, as nobody else does.
func (d *diagnosis) routers(ctx context.Context, cfg Config) {
	c, err := collectors.New(cfg.Collectors, cfg.Collectors.Schema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		d.wrong("routers", err.Error(), "correct the config")
		return
	}
	defer func() { _ = c.Close() }() // they were only asked
	ctx, cancel := context.WithTimeout(ctx, routersTime)
	defer cancel()
	var (
		mu     sync.Mutex
		wg     sync.WaitGroup
		silent = map[string][]string{} // by reason
		free   = make(chan struct{}, routersAtOnce)
	)
	unasked := 0
	for _, dev := range cfg.Collectors.Devices {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			unasked++
			continue
		}
		wg.Go(func() {
			defer func() { <-free }()
			one, end := context.WithTimeout(ctx, routerTime)
			defer end()
			if err := c.Check(one, dev.Name); err != nil {
				why := routerTrouble(err)
				mu.Lock()
				silent[why] = append(silent[why], dev.Name)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	d.sayRouters(silent, len(cfg.Collectors.Devices), unasked)
}

const (
	noAnswer = "do not answer"
	noEntry  = "refuse the credentials"
)

func routerTrouble(err error) string {
	if errors.Is(err, pipeline.ErrRefused) {
		return noEntry
	}
	return noAnswer
}

func (d *diagnosis) sayRouters(silent map[string][]string, all, unasked int) {
	for _, why := range []string{noAnswer, noEntry} {
		if names := silent[why]; len(names) > 0 {
			d.wrong("routers", fmt.Sprintf("%d of %d %s: %s", len(names), all, why, someOf(names)), routerAdvice(why))
		}
	}
	if unasked > 0 {
		d.note("routers", fmt.Sprintf("%d were not asked: the time was up", unasked), "start RouterPulse and ask again")
	}
	if d.silent("routers") {
		d.fine("routers", fmt.Sprintf("all %d answer", all))
	}
}

func routerAdvice(why string) string {
	if why == noEntry {
		return "compare user and password, or SNMP community and user, with the router's; the group needs the policies read and api. 'routerpulse probe ADDRESS …' says which it is"
	}
	return "'routerpulse probe ADDRESS …' says why: no route, SNMP or API off, an access list without this machine, or a wrong community"
}

// someOf names a few and counts the rest.
func someOf(names []string) string {
	const few = 8
	slices.Sort(names)
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// maxSkew is how far apart two clocks may be.
const maxSkew = 5 * time.Second

// databases asks each InfluxDB whether it is there, and what time it is.
func (d *diagnosis) databases(ctx context.Context, cfg Config) {
	for _, dest := range cfg.Storage.InfluxDB {
		skew, err := ping(ctx, dest)
		switch {
		case err != nil:
			d.wrong("database", fmt.Sprintf("%s does not answer: %v", dest.Name, err), "start it, or correct its url; until then polls are kept in the spool")
		case skew.Abs() > maxSkew:
			d.wrong("clock", fmt.Sprintf("the clock of %s is %s %s of ours", dest.Name, skew.Abs().Round(time.Second), map[bool]string{true: "ahead", false: "behind"}[skew > 0]),
				"let chrony or systemd-timesyncd set both: timedatectl set-ntp true")
		default:
			d.fine("database", dest.Name+" answers")
		}
	}
}

// ping asks one InfluxDB. Its URL is not repeated.
func ping(ctx context.Context, dest influxdb.Config) (skew time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(dest.URL, "/")+"/ping", nil)
	if err != nil {
		return 0, errors.New("its url is no address")
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}}).Do(req)
	if err != nil {
		return 0, withoutURL(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusInternalServerError {
		return 0, fmt.Errorf("it answers %s", resp.Status)
	}
	return skewOf(resp), nil
}

// skewOf is how far a server's clock is ahead, as far as whole seconds tell.
func skewOf(resp *http.Response) time.Duration {
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return time.Until(at)
}
