package access

import (
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/pipeline"
)

func TestSelector(t *testing.T) {
	tags := []pipeline.Tag{{Key: "site", Value: "x"}, {Key: "role", Value: "core"}}
	for _, c := range []struct {
		list   string
		match  bool
		byTags bool
	}{
		{"site=x", true, true}, {"site=y", false, true}, {"site=y|site=x", true, true},
		{"site=x,role=core", true, true}, {"site=x,role=edge", false, true}, {"site=x, role=core", true, true},
		{"router=r1", true, false}, {"router=r2", false, false}, {"router=r1,site=y", false, true}, {"router=r2|site=x", true, true},
	} {
		s, err := NewSelector(strings.Split(c.list, "|"))
		if err != nil || s.Matches("r1", tags) != c.match || s.ByTags() != c.byTags {
			t.Errorf("%s: %v, by tags %v, %v", c.list, !c.match, s.ByTags(), err)
		}
	}
	for _, bad := range []string{"", "site", "=x", "site=", "site=x,", "site=x,,role=y"} {
		if s, err := NewSelector([]string{bad}); err == nil {
			t.Errorf("%q is %v", bad, s)
		}
	}
	if s, err := NewSelector(nil); s != nil || err != nil || !s.Matches("any", nil) || s.ByTags() || s.String() != "" {
		t.Errorf("no selector: %v %v", s, err)
	}
	if _, err := NewSelector(make([]string, maxTerms+1)); err == nil {
		t.Error("too many terms")
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		match         bool
	}{{"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*", "anything", true}, {"router-*", "router-core-1", true}, {"router-*", "x-router-1", false}, {"*-1", "core-1", true}} {
		if got := (Patterns{"no", c.pattern}).Match(c.name); got != c.match {
			t.Errorf("%s for %s: %v", c.pattern, c.name, got)
		}
	}
}
