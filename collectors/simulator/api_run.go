package simulator

import (
	"slices"
	"strconv"
	"strings"
)

const (
	messageNoItem = "no such item (4)"
	messageOnce   = "the simulator monitors only once (=once=)"
)

// run answers a command of a menu.
func (s *apiSession) run(c *command) {
	table, monitors, picked := s.fleet.found(s.router, c.path)
	if table == nil {
		s.trap(c.tag, messageNoCommand)
		return
	}
	s.view.reset(s.router, s.fleet.now())
	s.row.reset()
	_, s.row.stats = c.arg("stats")
	if monitors {
		s.monitor(c, table, picked)
		return
	}
	s.print(c, table)
}

func (s *apiSession) print(c *command, table apiTable) {
	rows := 0
	table(s.view, &s.row, func() {
		if matches(c.query, &s.row) {
			rows++
			if !c.counted {
				s.emit(c, &s.row)
			}
		}
		s.row.reset()
	})
	switch {
	case c.counted:
		s.say(c.tag, "!done", "=ret="+strconv.Itoa(rows))
		return
	case rows == 0 && s.router.model.atLeast(7, 18):
		s.say(c.tag, "!empty")
	}
	s.say(c.tag, "!done")
}

// monitor shows the state of the items that =numbers= names, in its order, or the one that there is.
// Without =once= a router would go on until it is told to stop, which nobody here wants.
func (s *apiSession) monitor(c *command, table apiTable, picked bool) {
	if _, once := c.arg("once"); !once {
		s.trap(c.tag, messageOnce)
		return
	}
	if !picked {
		s.print(c, table)
		return
	}
	numbers, several := c.arg("numbers")
	if !several {
		numbers, _ = c.arg("number")
	}
	if !s.pick(c, table, strings.Split(numbers, ",")) {
		s.trap(c.tag, messageNoItem)
		return
	}
	s.say(c.tag, "!done")
}

// pick shows the rows of that name or id. Where they are asked for in the table's own order, once
// through it is enough.
func (s *apiSession) pick(c *command, table apiTable, numbers []string) bool {
	start := len(s.out)
	for len(numbers) > 0 {
		before := len(numbers)
		table(s.view, &s.row, func() {
			if len(numbers) > 0 && s.row.called(numbers[0]) {
				numbers = numbers[1:]
				s.emit(c, &s.row)
			}
			s.row.reset()
		})
		if len(numbers) == before {
			s.out = slices.Delete(s.out, start, len(s.out))
			return false
		}
	}
	return true
}

// called tells whether a number of a command means this row.
func (r *apiRow) called(number string) bool {
	for _, by := range []string{"name", ".id"} {
		if have, ok := r.find(by); ok && string(have) == number {
			return true
		}
	}
	return false
}
