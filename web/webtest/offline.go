package webtest

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Offline cuts the network of this tab and of the shared workers of its browser, or gives it back with the
// returned function: what is open breaks, what is asked fails, and the page is told.
func (b *Browser) Offline() (online func()) {
	b.t.Helper()
	targets := append([]context.Context{b.ctx}, b.workers()...)
	set := func(offline bool) {
		b.t.Helper()
		for _, ctx := range targets {
			if err := setOffline(ctx, offline); err != nil {
				b.t.Fatalf("cutting the network: %v", err)
			}
		}
	}
	set(true)
	return func() { set(false) }
}

func setOffline(ctx context.Context, offline bool) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	rules := []*network.Conditions{}
	if offline {
		rules = append(rules, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules}); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1})
	return err
}

// workers attaches to the shared workers of the browser. They are not ours to close.
func (b *Browser) workers() (list []context.Context) {
	b.t.Helper()
	for end := time.Now().Add(Patience); len(list) == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		infos, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, info := range infos {
			if info.Type == "shared_worker" {
				list = append(list, b.attach(info.TargetID))
			}
		}
	}
	if len(list) == 0 {
		b.t.Fatal("the browser has no shared worker")
	}
	return list
}

func (b *Browser) attach(id target.ID) context.Context {
	b.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id), chromedp.WithDetachOnCancel())
	b.t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("attaching to a worker: %v", err)
	}
	return ctx
}
