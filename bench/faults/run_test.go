package main

import (
	"errors"
	"testing"
)

// What did not run, or did not say its figure, does not hold.
func TestCollect(t *testing.T) {
	const good = `    x_test.go:9: fault: {"row":"05","lost":0,"duplicated":0,"wrong":0,"trials":20,"ok":true}` + "\n"
	for name, test := range map[string]struct {
		out  string
		err  error
		want bool
	}{
		"good":            {good, nil, true},
		"two, both good":  {good + good, nil, true},
		"the tests fail":  {good, errors.New("exit status 1"), false},
		"no figure":       {"ok  	x	0.1s [no tests to run]\n", nil, false},
		"another's":       {`fault: {"row":"06","trials":1,"ok":true}`, nil, false},
		"skipped":         {good + "--- SKIP: TestFault05b (0.00s)\n", nil, false},
		"lost":            {`fault: {"row":"05","lost":1,"trials":1,"ok":false}`, nil, false},
		"one of two lost": {good + `fault: {"row":"05","lost":1,"trials":1,"ok":false}`, nil, false},
	} {
		r := result{Row: "05", OK: true}
		r.collect("./x", []byte(test.out), test.err)
		if r.OK != test.want {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
