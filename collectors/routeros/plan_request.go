package routeros

import (
	"fmt"
	"slices"
	"strings"
)

// planRequest makes the words of a command; needs is what the table reads.
func planRequest(r request, needs []string) (*plannedRequest, error) {
	p := &plannedRequest{request: r, count: -1}
	if p.command == "" {
		p.command = "print"
	}
	p.id = p.path + "/" + p.command
	p.words = []string{p.id}
	for _, a := range r.args {
		if !strings.Contains(a, "=") {
			a += "="
		}
		p.words = append(p.words, "="+a)
	}
	if r.count != "" {
		p.words = append(p.words, "=count-only=")
	} else {
		p.names = r.proplist(needs)
		if len(p.names) == 0 {
			return nil, fmt.Errorf("%s: asks for nothing", p.id)
		}
		p.words = append(p.words, proplistWord(p.names))
	}
	for _, q := range r.query {
		p.words = append(p.words, "?"+q)
	}
	return p, p.harmless()
}

// proplist is what the request asks for.
func (r *request) proplist(needs []string) []string {
	if r.props != "" {
		return commaList(r.props)
	}
	var names []string
	without, with := commaList(r.without), r.constantNames()
	for _, n := range needs {
		for _, name := range alternatives(n) {
			if !slices.Contains(without, name) && !slices.Contains(with, name) {
				names = append(names, name)
			}
		}
	}
	return unique(names)
}

// harmless refuses what must never be asked for.
func (p *plannedRequest) harmless() error {
	if secretMenu(p.path) {
		return fmt.Errorf("%s: this menu is about secrets", p.path)
	}
	for _, word := range p.names {
		if secret(word) {
			return fmt.Errorf("%s: %s is secret", p.path, word)
		}
	}
	for _, word := range append(slices.Clone(p.args), p.query...) {
		if secret(word) {
			return fmt.Errorf("%s: %s is secret", p.path, word)
		}
	}
	if !slices.Contains([]string{"print", "monitor", "info", "once"}, p.command) {
		return fmt.Errorf("%s: %s is no command that only reads", p.path, p.command)
	}
	return nil
}

// attributes is what rows of the request can have.
func (p *plannedRequest) attributes() []string {
	names := slices.Clone(p.names)
	if p.request.count != "" {
		names = append(names, p.request.count)
	}
	return append(names, p.constantNames()...)
}

func (r *request) constantNames() []string {
	var names []string
	for _, w := range commaList(r.with) {
		name, _, _ := strings.Cut(w, "=")
		names = append(names, name)
	}
	return names
}

func (p *plannedRequest) bind(s *shape) {
	if p.request.count != "" {
		p.count = s.slots[p.request.count]
	}
	for _, w := range commaList(p.request.with) {
		name, value, _ := strings.Cut(w, "=")
		p.with = append(p.with, constant{s.slots[name], []byte(value)})
	}
}

func proplistWord(names []string) string { return "=.proplist=" + strings.Join(names, ",") }

// covers reports the first attribute that rows of the shape never have.
func (s *shape) covers(needs []string) error {
	for _, n := range needs {
		if n == ".id" {
			continue
		}
		if !slices.ContainsFunc(alternatives(n), func(name string) bool { _, ok := s.slots[name]; return ok }) {
			return fmt.Errorf("%s is read, but not asked for", n)
		}
	}
	return nil
}
