package configs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/configs"
)

func TestReportPaths(t *testing.T) {
	var got []string
	r := configs.NewReport(func(path, message, hint string) { got = append(got, path+": "+message+" ("+hint+")") })
	r.Errorf("", "at the root")
	devices := r.At("devices", 3)
	devices.At("address").Errorf("write %s", "is %q", "x")
	devices.At("tags", "site.name").Errorf("", "b")
	devices.Errorf("", "c")
	want := `: at the root ()|devices[3].address: is "x" (write %s)|devices[3].tags.site.name: b ()|devices[3]: c ()`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// positions is validated with a report at every kind of place.
type positions struct {
	List []struct {
		Name string            `yaml:"name"`
		Tags map[string]string `yaml:"tags"`
	} `yaml:"list"`
	report func(*configs.Report)
}

func (p *positions) Validate(r *configs.Report) { p.report(r) }

func TestReportPlaces(t *testing.T) {
	const text = `# comment
list:
  - name: a
    tags:
      "site.name": x
  - { name: b,
      tags: { y: z } }
`
	tests := map[string]struct {
		keys []any
		want string
	}{
		"the root":                   {nil, "2:1"},
		"a list is its key":          {[]any{"list"}, "2:1"},
		"an item":                    {[]any{"list", 1}, "6:5"},
		"a value":                    {[]any{"list", 0, "name"}, "3:11"},
		"a mapping is its key":       {[]any{"list", 1, "tags"}, "7:7"},
		"a key with a dot":           {[]any{"list", 0, "tags", "site.name"}, "5:20"},
		"a missing key: the item":    {[]any{"list", 1, "address"}, "6:5"},
		"a missing item: the list":   {[]any{"list", 7, "name"}, "2:1"},
		"a missing section: the top": {[]any{"web", "listen"}, "2:1"},
		"below a value":              {[]any{"list", 0, "name", "x"}, "3:11"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := positions{report: func(r *configs.Report) { r.At(test.keys...).Errorf("", "here") }}
			err := configs.Parse("test.yaml", []byte(text), &c)
			var p configs.Problem
			if !errors.As(err, &p) || !strings.HasPrefix(p.Error(), "test.yaml:"+test.want+": ") {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestValidateFollowsNoMistakeTwice: a key that was misspelt or could not be read is not reported as
// missing, too.
func TestValidateFollowsNoMistakeTwice(t *testing.T) {
	for _, text := range []string{
		"devices: [{ name: a, addres: x }]",
		"devices: [{ name: a, address: [x] }]",
		`devices: [{ name: a, address: "${NOT_SET}" }]`,
		"devices: [5]",
		"web: { idle: nonsense }",
	} {
		if _, problems := parse(t, text); len(problems) != 1 {
			t.Errorf("%s\n%v", text, problems)
		}
	}
}

func TestAliasesRepeatNoProblem(t *testing.T) {
	_, problems := parse(t, "devices:\n  - &d { name: a, address: b, x: y }\n  - *d\n  - *d\n")
	if len(problems) != 1 {
		t.Error(problems)
	}
}
