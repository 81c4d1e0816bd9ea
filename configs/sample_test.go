package configs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/configs"
)

// sections are the keys that a sample may have at the top. What is below them belongs to the packages
// that declare it; the program's own tests check the samples against those.
type sections struct {
	Web, Log, Storage, Lanes, Tables, Access, Stream any
	Credentials, Devices, Channels, Apps             []any
	SNMPTables                                       []any `yaml:"snmp_tables"`
}

func TestDefaultLoads(t *testing.T) {
	var c sections
	if err := configs.Parse("default.yaml", configs.Default(), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Devices) != 1 || len(c.Channels) != 5 {
		t.Errorf("got %d devices and %d channels", len(c.Devices), len(c.Channels))
	}
}

var example = regexp.MustCompile(`^( *)# ( *(?:- )?[a-z_0-9]+:(?: .*)?)$`)

// TestExamplesInComments takes the # away from every setting that is commented out: it must still be a
// config, indented right.
func TestExamplesInComments(t *testing.T) {
	lines, taken := strings.Split(string(configs.Default()), "\n"), 0
	for i := range lines {
		for example.MatchString(lines[i]) {
			lines[i] = example.ReplaceAllString(lines[i], "$1$2")
			taken++
		}
	}
	if taken < 15 {
		t.Errorf("only %d examples were found", taken)
	}
	text := strings.Replace(strings.Join(lines, "\n"), "include: [conf.d/*.yaml]", "", 1)
	var c sections
	if err := configs.Parse("default.yaml", []byte(text), &c); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(c.Credentials) != 3 {
		t.Errorf("got %d credentials:\n%s", len(c.Credentials), text)
	}
}

func TestDefaultIsACopy(t *testing.T) {
	configs.Default()[0] = 'x'
	if configs.Default()[0] != '#' {
		t.Error("a caller changed the sample")
	}
}
