package simulator

import (
	"bytes"
	"strings"
)

// command is a sentence taken apart. It points into the sentence.
type command struct {
	path    string // the command word
	tag     []byte
	args    []argument
	query   []string
	props   []string // of .proplist; nil: all
	counted bool     // =count-only=
}

// argument is an attribute word, =name=value.
type argument struct{ name, value string }

func parseCommand(s *sentence) command {
	c := command{path: string(s.word(0))}
	for i := 1; i < s.len(); i++ {
		w := s.word(i)
		switch {
		case bytes.HasPrefix(w, []byte(".tag=")):
			c.tag = bytes.Clone(w[len(".tag="):])
		case w[0] == '?':
			c.query = append(c.query, string(w[1:]))
		case w[0] == '=':
			c.argument(string(w[1:]))
		}
	}
	return c
}

func (c *command) argument(word string) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case ".proplist":
		c.props = append(c.props, strings.Split(value, ",")...)
	case "count-only":
		c.counted = true
	default:
		c.args = append(c.args, argument{name, value})
	}
}

// arg returns the value of an attribute word.
func (c *command) arg(name string) (string, bool) {
	for _, a := range c.args {
		if a.name == name {
			return a.value, true
		}
	}
	return "", false
}

// asks tells whether a property was asked for.
func (c *command) asks(name string) bool {
	if c.props == nil {
		return true
	}
	for _, p := range c.props {
		if p == name {
			return true
		}
	}
	return false
}
