package simulator

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// recordedAPI is what was recorded of a RouterOS API: the rows that each menu or command answered.
type recordedAPI struct {
	version  [2]int
	commands map[string][]apiRow
	counts   map[string]string // by the words of a command, with spaces between
}

// ofRow is an attribute that is not the router's: which row a command's answer is about, by what the
// command called it. Monitors often do not say it themselves.
const ofRow = ".of"

// parseRecordedAPI reads {"version": "7.20.6 (stable)", "/interface": [{".id": "*1", "name": …}, …], …}.
// A key that begins with a slash is a menu, for its print, or a whole command, as in
// /interface/ethernet/monitor. With words behind it, as in "/ip/route/print =count-only= ?bgp=yes", its
// value is a count. A value that is not UTF-8 is written {"x": "hex"}.
func parseRecordedAPI(text []byte) (*recordedAPI, error) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	api := &recordedAPI{commands: map[string][]apiRow{}, counts: map[string]string{}}
	for key, raw := range file {
		switch {
		case strings.HasPrefix(key, "/") && strings.Contains(key, " "):
			var count recordedText
			if err := json.Unmarshal(raw, &count); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			api.counts[key] = string(count)
		case strings.HasPrefix(key, "/"):
			rows, err := parseRecordedRows(raw)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			api.commands[key] = rows
		case key == "version":
			var version string
			if err := json.Unmarshal(raw, &version); err != nil {
				return nil, fmt.Errorf("version: %w", err)
			}
			number, _, _ := strings.Cut(version, " ")
			api.version = versionNumbers(number)
		}
	}
	if len(api.commands) == 0 {
		return nil, errors.New(`there is no menu in it, as in {"/system/resource": [{"uptime": "1h"}]}`)
	}
	return api, nil
}

func parseRecordedRows(raw json.RawMessage) ([]apiRow, error) {
	var list []map[string]recordedText
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	rows := make([]apiRow, len(list))
	for i, attributes := range list {
		for _, name := range slices.Sorted(maps.Keys(attributes)) { // .id comes first
			if rows[i].string(name, string(attributes[name])); name == ofRow {
				rows[i].hide()
			}
		}
	}
	return rows, nil
}

// recordedText is a value of the API. Files written by hand may have numbers and truths.
type recordedText string

// UnmarshalJSON reads a text, a number, a truth, or {"x": "hex"}.
func (t *recordedText) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		return json.Unmarshal(b, (*string)(t))
	case '{':
		var inHex struct {
			X string `json:"x"`
		}
		if err := json.Unmarshal(b, &inHex); err != nil {
			return err
		}
		bytes, err := hex.DecodeString(inHex.X)
		*t = recordedText(bytes)
		return err
	case '[', 'n':
		return fmt.Errorf("%s is no value of the API", b)
	}
	*t = recordedText(b)
	return nil
}

// find returns the rows that a command answers; false if it was not recorded.
func (a *recordedAPI) find(path string) ([]apiRow, bool) {
	if rows, ok := a.commands[path]; ok {
		return rows, true
	}
	for _, verb := range []string{"/print", "/getall"} {
		if menu, ok := strings.CutSuffix(path, verb); ok {
			rows, ok := a.commands[menu]
			return rows, ok
		}
	}
	return nil, false
}

func (a *recordedAPI) atLeast(major, minor int) bool {
	if a.version[0] != major {
		return a.version[0] > major
	}
	return a.version[1] >= minor
}
