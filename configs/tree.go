package configs

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds of a document. Aliases are copied, which is what a YAML bomb lives on.
const (
	maxDepth   = 100
	maxAliased = 100_000
)

const tooDeep = "nested more than 100 levels deep"

type kind uint8

const (
	scalar kind = iota
	list
	mapping
)

// node is a piece of the config after aliases and merge keys are resolved. Unlike a yaml.Node it knows
// its file, and what its text was before ${VAR} was replaced.
type node struct {
	kind  kind
	at    place
	tag   string // of a scalar: !!str, !!int, …
	text  string
	raw   string // the text as it is in the file, if expansion changed it
	items []*node
	pairs []pair
	// broken is a value that a problem was found in already; it is not decoded.
	broken bool
}

type pair struct {
	key   string
	at    place // of the key
	value *node
	// bare is a key without a value inside { }: it may be what follows the comma of a password.
	bare bool
}

const hintComma = "inside { } a text with a comma needs quotes"

// null reports a value that is absent (key:) or said to be (null, ~).
func (n *node) null() bool { return n.kind == scalar && n.tag == "!!null" }

// empty reports a key without any value, as when all of it is commented out.
func (n *node) empty() bool { return n.null() && n.text == "" }

func (n *node) get(key string) *pair {
	for i := range n.pairs {
		if n.pairs[i].key == key {
			return &n.pairs[i]
		}
	}
	return nil
}

// describe says what stands there without showing it: it may be a secret in the wrong place.
func (n *node) describe() string {
	switch {
	case n.kind == list:
		return "a list"
	case n.kind == mapping:
		return "a mapping"
	case n.null():
		return "nothing"
	case n.tag == "!!int", n.tag == "!!float":
		return "a number"
	case n.tag == "!!bool":
		return "a boolean"
	}
	return "a text"
}

// show quotes a scalar for a message: as it is written in the file, so that the value of an
// environment variable is not printed.
func (n *node) show() string {
	text := n.text
	if n.raw != "" {
		text = n.raw
	}
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// locate finds the place of a path; that of the nearest parent if the end of it is not in the file.
func (n *node) locate(keys []any) place {
	at := n.at
	for _, k := range keys {
		var next *node
		switch k := k.(type) {
		case int:
			if n.kind == list && k >= 0 && k < len(n.items) {
				next = n.items[k]
				at = next.at
			}
		default:
			if p := n.get(fmt.Sprint(k)); p != nil {
				next, at = p.value, p.at
				if next.kind == scalar {
					at = next.at
				}
			}
		}
		if next == nil {
			return at
		}
		n = next
	}
	return at
}

// hideVariables takes out of a message about the place of a path what environment variables hold: it may
// have come from the wrong one. The message may also quote the keys beside it.
func (n *node) hideVariables(keys []any, message string) string {
	shown := []*node{}
	for _, k := range keys {
		if n.kind == mapping {
			shown = shown[:0]
			for _, p := range n.pairs {
				shown = append(shown, p.value)
			}
		}
		next := n.child(k)
		if next == nil {
			break
		}
		n = next
		shown = append(shown, n)
	}
	for _, p := range n.pairs {
		shown = append(shown, p.value)
	}
	for _, v := range shown {
		if v.kind != scalar || v.raw == "" || v.text == "" {
			continue
		}
		message = strings.ReplaceAll(message, strconv.Quote(v.text), strconv.Quote(v.raw))
		if len(v.text) > 3 { // less is no secret, and may be part of a word
			message = strings.ReplaceAll(message, v.text, v.raw)
		}
	}
	return message
}

// child is the item or the value of a key; nil if there is none.
func (n *node) child(key any) *node {
	if i, ok := key.(int); ok {
		if n.kind == list && i >= 0 && i < len(n.items) {
			return n.items[i]
		}
		return nil
	}
	if p := n.get(fmt.Sprint(key)); p != nil {
		return p.value
	}
	return nil
}

// yaml turns the tree back into a yaml.Node, for types that decode themselves.
func (n *node) yaml() *yaml.Node {
	out := &yaml.Node{Line: n.at.line, Column: n.at.column}
	switch n.kind {
	case list:
		out.Kind, out.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range n.items {
			out.Content = append(out.Content, item.yaml())
		}
	case mapping:
		out.Kind, out.Tag = yaml.MappingNode, "!!map"
		for _, p := range n.pairs {
			key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.at.line, Column: p.at.column}
			out.Content = append(out.Content, key, p.value.yaml())
		}
	default:
		out.Kind, out.Tag, out.Value = yaml.ScalarNode, n.tag, n.text
	}
	return out
}
