package sse

import (
	"slices"
	"unicode/utf8"

	"github.com/routerpulse/routerpulse/sse/state"
)

// maxLiveRow bounds a router.live row as it travels, in bytes: a snapshot of a large fleet is nothing
// but these.
const maxLiveRow = 400

// fit returns a copy of a router.live row that is small enough. Texts are cut, in steps, so that a row
// at the limit does not change its reason with every digit of its traffic.
func fit(layout *state.Layout, cells []state.Value) []state.Value {
	cells = slices.Clone(cells)
	for _, cut := range []struct{ field, bytes int }{
		{liveReason, 120}, {liveIdentity, 64}, {liveModel, 32}, {liveVersion, 16}, {liveReason, 60}, {liveIdentity, 32},
		{liveReason, 30}, {liveModel, 16}, {liveIdentity, 16}, {liveReason, 0}, {liveModel, 0}, {liveVersion, 0}, {liveIdentity, 0},
	} {
		if rowSize(layout, cells) <= maxLiveRow {
			break
		}
		cells[cut.field] = state.TextValue(shorten(cells[cut.field].Text(), cut.bytes))
	}
	return cells
}

func rowSize(layout *state.Layout, cells []state.Value) int {
	var buf [2 * maxLiveRow]byte
	return len(appendCells(buf[:0], layout, cells, nil))
}

// shorten cuts a text to at most limit bytes, the ellipsis included.
func shorten(s string, limit int) string {
	const ellipsis = "…"
	if len(s) <= limit {
		return s
	}
	limit -= len(ellipsis)
	if limit <= 0 {
		return ""
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + ellipsis
}
