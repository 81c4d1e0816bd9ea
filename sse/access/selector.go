package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// Selector chooses routers by their tags. A nil Selector chooses all.
type Selector struct {
	text  string
	terms [][]pipeline.Tag // whoever has all tags of one of them
}

// The tag that stands for a router's name, and bounds of a selector.
const (
	tagRouter   = "router"
	maxTerms    = 64
	maxSelector = 4 << 10
)

// NewSelector reads a list of terms: "site=nairobi", or "site=nairobi,role=core" for those that have
// both; the tag router is the name. An empty list is nil.
func NewSelector(list []string) (*Selector, error) {
	if len(list) == 0 {
		return nil, nil
	}
	s := &Selector{text: strings.Join(list, ";")}
	if len(list) > maxTerms || len(s.text) > maxSelector {
		return nil, fmt.Errorf("a selector of routers has at most %d terms and %d bytes", maxTerms, maxSelector)
	}
	for _, term := range list {
		var tags []pipeline.Tag
		for pair := range strings.SplitSeq(term, ",") {
			key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
			if !ok || key == "" || value == "" {
				return nil, fmt.Errorf("%q does not say which routers: write tag=value, as in site=nairobi, or router=core-1", term)
			}
			tags = append(tags, pipeline.Tag{Key: key, Value: value})
		}
		s.terms = append(s.terms, tags)
	}
	return s, nil
}

func validateSelector(r *configs.Report, list []string) {
	if _, err := NewSelector(list); err != nil {
		r.Errorf("routers: [\"site=nairobi\", \"site=mombasa,role=core\"]", "%v", err)
	}
}

// Matches reports whether a router is chosen.
func (s *Selector) Matches(name string, tags []pipeline.Tag) bool {
	if s == nil {
		return true
	}
	for _, term := range s.terms {
		if !slices.ContainsFunc(term, func(t pipeline.Tag) bool {
			return t.Key == tagRouter && t.Value != name || t.Key != tagRouter && !slices.Contains(tags, t)
		}) {
			return true
		}
	}
	return false
}

// ByTags reports that what it chooses changes with the tags of routers.
func (s *Selector) ByTags() bool {
	return s != nil && slices.ContainsFunc(s.terms, func(term []pipeline.Tag) bool {
		return slices.ContainsFunc(term, func(t pipeline.Tag) bool { return t.Key != tagRouter })
	})
}

// String spells it out; "" is all.
func (s *Selector) String() string {
	if s == nil {
		return ""
	}
	return s.text
}
