package configs

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// composer turns the YAML of one file into nodes.
type composer struct {
	*loader
	file    string
	inAlias int
	aliased int
	stopped bool // a bound was passed: the rest is not looked at
}

func (c *composer) at(n *yaml.Node) place { return place{c.file, n.Line, n.Column} }

func (c *composer) stop(n *yaml.Node, message string) *node {
	if !c.stopped {
		c.problem(c.at(n), "", "no setting needs it", "%s", message)
	}
	c.stopped = true
	return nil
}

// node composes one node; nil once a bound was passed.
func (c *composer) node(n *yaml.Node, p path, depth int) *node {
	if c.stopped {
		return nil
	}
	if depth > maxDepth {
		return c.stop(n, tooDeep)
	}
	if c.inAlias > 0 {
		if c.aliased++; c.aliased > maxAliased {
			return c.stop(n, "aliases unfold to more than 100000 values")
		}
	}
	if n.Kind == yaml.AliasNode {
		c.inAlias++
		defer func() { c.inAlias-- }()
		return c.node(n.Alias, p, depth+1)
	}
	c.checkTag(n, p)
	out := &node{at: c.at(n)}
	switch n.Kind {
	case yaml.SequenceNode:
		out.kind = list
		for i, item := range n.Content {
			if child := c.node(item, p.index(i), depth+1); child != nil {
				out.items = append(out.items, child)
			}
		}
	case yaml.MappingNode:
		out.kind = mapping
		c.mapping(out, n, p, depth)
	default:
		out.text, out.tag = n.Value, n.ShortTag()
	}
	return out
}

// checkTag refuses tags of an application (!env, !vault): they would be read as plain text. It does not
// name the tag, which may be a password that begins so.
func (c *composer) checkTag(n *yaml.Node, p path) {
	if n.Style&yaml.TaggedStyle != 0 && !strings.HasPrefix(n.ShortTag(), "!!") {
		c.problem(c.at(n), p, "write the value without it; a text that begins with ! needs quotes", "a tag (!name) means nothing here")
	}
}

func (c *composer) mapping(out *node, n *yaml.Node, p path, depth int) {
	var merges []*yaml.Node
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge":
			merges = append(merges, value)
			continue
		case key.Kind != yaml.ScalarNode:
			c.problem(c.at(key), p, "write key: value", "a key must be a text")
			continue
		}
		bare := n.Style&yaml.FlowStyle != 0 && value.ShortTag() == "!!null" && value.Value == ""
		if line, twice := lines[key.Value]; twice && bare {
			c.problem(c.at(key), p, hintComma, "a key without a value is there twice")
			continue
		} else if twice {
			c.problem(c.at(key), p.key(key.Value), "keep one of them", "key %q is there twice, first in line %d", key.Value, line)
			continue
		}
		lines[key.Value] = key.Line
		if child := c.node(value, p.key(key.Value), depth+1); child != nil {
			out.pairs = append(out.pairs, pair{key.Value, c.at(key), child, bare})
		}
	}
	for _, m := range merges {
		c.merge(out, lines, m, p, depth)
	}
}

// merge adds the pairs of <<: *anchor that the mapping does not have itself.
func (c *composer) merge(out *node, lines map[string]int, value *yaml.Node, p path, depth int) {
	from := c.node(value, p.key("<<"), depth+1)
	if from == nil {
		return
	}
	sources := []*node{from}
	if from.kind == list {
		sources = from.items
	}
	for _, s := range sources {
		if s.kind != mapping {
			c.problem(c.at(value), p.key("<<"), "write <<: *name of a mapping", "can merge mappings only, this is %s", s.describe())
			continue
		}
		for _, pair := range s.pairs {
			if _, own := lines[pair.key]; !own {
				lines[pair.key] = pair.at.line
				out.pairs = append(out.pairs, pair)
			}
		}
	}
}
