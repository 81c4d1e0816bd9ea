package simulator

import (
	"cmp"
	"strconv"
	"strings"
)

// matches runs the query words on a row. Each pushes a truth onto a stack, ?# combines what is there;
// in the end nothing on it may be false. The bottom of the stack is an endless supply of truths.
func matches(query []string, row *apiRow) bool {
	var stack stack
	for _, word := range query {
		if ops, ok := strings.CutPrefix(word, "#"); ok {
			stack.operate(ops)
		} else {
			stack.push(holds(word, row))
		}
	}
	for _, truth := range stack {
		if !truth {
			return false
		}
	}
	return true
}

// holds decides one query word, less its question mark.
func holds(word string, row *apiRow) bool {
	if word == "" {
		return true
	}
	operator := byte('=')
	switch word[0] {
	case '-':
		_, ok := row.find(word[1:])
		return !ok
	case '<', '>', '=':
		operator, word = word[0], word[1:]
	}
	name, want, compares := strings.Cut(word, "=")
	have, ok := row.find(name)
	if !ok || !compares {
		return ok
	}
	order := compareValues(truthOf(string(have)), truthOf(want))
	switch operator {
	case '<':
		return order < 0
	case '>':
		return order > 0
	default:
		return order == 0
	}
}

// truthOf: RouterOS takes yes for true, and no for false.
func truthOf(value string) string {
	switch value {
	case "yes":
		return "true"
	case "no":
		return "false"
	}
	return value
}

// compareValues compares as numbers what are numbers, anything else as text.
func compareValues(a, b string) int {
	x, errX := strconv.ParseUint(a, 10, 64)
	y, errY := strconv.ParseUint(b, 10, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

type stack []bool

func (s *stack) push(b bool) { *s = append(*s, b) }

func (s *stack) pop() bool {
	if len(*s) == 0 {
		return true
	}
	last := len(*s) - 1
	b := (*s)[last]
	*s = (*s)[:last]
	return b
}

// peek returns the i-th value from the top.
func (s *stack) peek(i int) bool {
	if i < 0 || i >= len(*s) {
		return true
	}
	return (*s)[len(*s)-1-i]
}

// operate runs the letters of a ?# word: digits are an index, followed by anything a copy of that
// value is pushed, at the end of the word it replaces the whole stack.
func (s *stack) operate(ops string) {
	for ops != "" {
		digits := len(ops) - len(strings.TrimLeft(ops, "0123456789"))
		if digits > 0 {
			n, err := strconv.Atoi(ops[:digits])
			if err != nil {
				n = len(*s)
			}
			value := s.peek(n)
			if ops = ops[digits:]; ops == "" {
				*s = stack{value}
				return
			}
			s.push(value)
			ops = strings.TrimPrefix(ops, ".")
			continue
		}
		s.apply(ops[0])
		ops = ops[1:]
	}
}

func (s *stack) apply(op byte) {
	switch op {
	case '!':
		s.push(!s.pop())
	case '&':
		a, b := s.pop(), s.pop()
		s.push(a && b)
	case '|':
		a, b := s.pop(), s.pop()
		s.push(a || b)
	case '.':
		s.push(s.peek(0))
	}
}
