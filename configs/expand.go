package configs

import (
	"regexp"
	"strings"
)

// reference is one ${…} of a text: its name, and its default if it has one.
var reference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

// expand replaces ${VAR}, ${VAR:-default} and $$ in every value below n. It runs on the parsed tree,
// so that whatever a variable holds stays one value and never becomes YAML.
func (l *loader) expand(n *node, p path) {
	for i, item := range n.items {
		l.expand(item, p.index(i))
	}
	for _, pair := range n.pairs {
		l.expand(pair.value, p.key(pair.key))
	}
	if n.kind != scalar || n.raw != "" || !strings.Contains(n.text, "$") {
		return
	}
	text, reasons := l.expandText(n.text)
	for _, reason := range reasons {
		hint := "export it, or give a default: ${NAME:-default}"
		if reason == malformed {
			hint = "write ${NAME} or ${NAME:-default}; a literal ${ is $${"
		}
		l.problem(n.at, p, hint, "%s", reason)
		l.excused[p], n.broken = true, true
	}
	if text != n.text {
		n.raw, n.text = n.text, text
		n.tag = "!!str" // resolved again by the type it is decoded into
	}
}

const malformed = "a ${ that is no reference to an environment variable"

// expandText returns the text and what is wrong with it.
func (l *loader) expandText(s string) (text string, reasons []string) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			b.WriteString(s)
			return b.String(), reasons
		}
		b.WriteString(s[:i])
		s = s[i:]
		switch {
		case strings.HasPrefix(s, "$$"):
			b.WriteByte('$')
			s = s[2:]
		case strings.HasPrefix(s, "${"):
			m := reference.FindStringSubmatch(s)
			if m == nil {
				return b.String() + s, append(reasons, malformed)
			}
			value, set := l.env(m[1])
			switch {
			case m[2] != "" && value == "":
				value = m[3]
			case !set:
				reasons = append(reasons, "environment variable "+m[1]+" is not set")
			}
			b.WriteString(value)
			s = s[len(m[0]):]
		default:
			b.WriteByte('$')
			s = s[1:]
		}
	}
}
