package pipeline

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSeriesKey(t *testing.T) {
	table := NewSchema().Table("interface")
	s := NewSeries(table, "core-1", []Tag{{"site", "Nairobi, west"}, {"a=b", "x"}, {"empty", ""}}, "pppoe out=1")
	if want := `interface,a\=b=x,device=core-1,interface=pppoe\ out\=1,site=Nairobi\,\ west`; s.Key() != want {
		t.Errorf("key = %s\nwant  %s", s.Key(), want)
	}
	if s.Row() != "pppoe out=1" || s.Device() != "core-1" || s.Table() != table {
		t.Errorf("row %q, device %q, table %v", s.Row(), s.Device(), s.Table().Name)
	}
}

func TestRowsKeepTheirSeries(t *testing.T) {
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	key := func(index, name string) RowKey { return RowKey{index, []string{name}} }
	first := rows.Of(table, []RowKey{key("1", "ether1"), key("2", "ether2")})
	again := rows.Of(table, []RowKey{key("9", "ether2"), key("8", "ether1")})
	if first[0] != again[1] || first[1] != again[0] {
		t.Error("a row got another series when the device renumbered it")
	}
}

func TestRowNames(t *testing.T) {
	cases := map[string]struct{ in, want []string }{
		"unique":                 {[]string{"ether1", "ether2"}, []string{"ether1", "ether2"}},
		"one name twice":         {[]string{"lan", "wan", "lan"}, []string{"lan~1", "wan", "lan~3"}},
		"no name":                {[]string{"", "a"}, []string{"~1", "a"}},
		"a name like the suffix": {[]string{"lan", "lan", "lan~1"}, []string{"lan~1", "lan~2", "lan~1~3"}},
		"same after cleaning":    {[]string{"a\x00", "a\x01"}, []string{"a\ufffd~1", "a\ufffd~2"}},
		"backslash at the end":   {[]string{`eth1\`}, []string{"eth1"}},
		"newline":                {[]string{"a\nb"}, []string{"a\ufffdb"}},
		"latin-1":                {[]string{"B\xfcro"}, []string{"Büro"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var keys []RowKey
			for i, n := range c.in {
				keys = append(keys, RowKey{string(rune('1' + i)), []string{n}})
			}
			var got []string
			for _, s := range NewRows("r1", nil).Of(NewSchema().Table("interface"), keys) {
				got = append(got, s.Row())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRowsWithOneNameAndOneIndex(t *testing.T) {
	keys := make([]RowKey, 20_000)
	for i := range keys {
		keys[i] = RowKey{"7", []string{"lan"}}
	}
	seen := map[string]bool{}
	for _, s := range NewRows("r1", nil).Of(NewSchema().Table("interface"), keys) {
		seen[s.Key()] = true
	}
	if len(seen) != len(keys) {
		t.Errorf("%d rows have %d names", len(keys), len(seen))
	}
}

// Whatever names a device sends, every row has its own series and a clean key.
func TestRowsAreApart(t *testing.T) {
	table := NewSchema().Table("ppp_session")
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"", "a", "a~1", "a~1~1", "\x00", "\n", "~1", `\`, strings.Repeat("x", 300)})
		var keys []RowKey
		for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
			keys = append(keys, RowKey{string(rune('0' + i)), []string{name.Draw(t, "user"), name.Draw(t, "service")}})
		}
		seen := map[string]bool{}
		for _, s := range NewRows("r1", nil).Of(table, keys) {
			if seen[s.Key()] {
				t.Fatalf("two rows are %s", s.Key())
			}
			seen[s.Key()] = true
			if strings.ContainsAny(s.Key(), "\n\r\x00") || !utf8.ValidString(s.Key()) {
				t.Fatalf("unclean key %q", s.Key())
			}
		}
	})
}

func TestCleanText(t *testing.T) {
	cases := map[string]string{
		"plain":             "plain",
		"a\r\nb\tc\x00":     "a b c\ufffd",
		"caf\xe9":           "café",
		"уже":               "уже",
		"line\u2028sep":     "line\ufffdsep",
		"\xff\xfe\x80\x9f!": "ÿþ\ufffd\ufffd!",
	}
	for in, want := range cases {
		if got := CleanText(in); got != want {
			t.Errorf("CleanText(%q) = %q, want %q", in, got, want)
		}
	}
	long := CleanText(strings.Repeat("é", 4000))
	if len(long) > maxTextBytes || !utf8.ValidString(long) {
		t.Errorf("%d bytes, valid %v", len(long), utf8.ValidString(long))
	}
}
