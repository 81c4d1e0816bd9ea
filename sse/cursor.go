package sse

import (
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/sse/state"
)

// maxCursor bounds a cursor as it travels.
const maxCursor = 96

// cursor is the id of a frame: how far a subscriber is, and in what. Clients do not look into it.
type cursor struct {
	epoch   string
	cut     uint64
	journal uint64
	print   string // fingerprint of the view
}

// parseCursor reads what a client sent back. Anything that is not a cursor of ours is no cursor.
func parseCursor(s string) (c cursor, ok bool) {
	if s == "" || len(s) > maxCursor {
		return cursor{}, false
	}
	parts := strings.Split(s, ".")
	if len(parts) != 4 || !plain(parts[0]) || !plain(parts[3]) {
		return cursor{}, false
	}
	c = cursor{epoch: parts[0], print: parts[3]}
	if c.cut, ok = parseCount(parts[1]); !ok {
		return cursor{}, false
	}
	if c.journal, ok = parseCount(parts[2]); !ok {
		return cursor{}, false
	}
	return c, true
}

// String is the cursor as it travels.
func (c cursor) String() string {
	b := append(make([]byte, 0, maxCursor), c.epoch...)
	b = strconv.AppendUint(append(b, '.'), c.cut, 10)
	b = strconv.AppendUint(append(b, '.'), c.journal, 10)
	return string(append(append(b, '.'), c.print...))
}

func parseCount(s string) (uint64, bool) {
	if s == "" || len(s) > 1 && s[0] == '0' || s[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return n, err == nil
}

func plain(s string) bool {
	if s == "" || len(s) > 16 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// id is the cursor of somebody who follows a view and is at a place.
func (v *view) id(epoch string, at state.Place) string {
	return cursor{epoch, at.Cut, at.Journal, v.print(at)}.String()
}
