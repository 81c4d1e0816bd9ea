package configs_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/routerpulse/routerpulse/configs"
)

const canary = "canary-7f3a"

type holder struct {
	Secret  configs.Secret
	Pointer *configs.Secret
	List    []configs.Secret
	Map     map[string]configs.Secret
	Key     map[configs.Secret]int `json:"-"`
	Any     any
	Nested  struct{ Secret configs.Secret }
	hidden  configs.Secret
	deep    struct{ hidden *configs.Secret }
}

func secrets() map[string]any {
	s := configs.NewSecret(canary)
	h := holder{Secret: s, Pointer: &s, List: []configs.Secret{s}, Map: map[string]configs.Secret{"a": s},
		Key: map[configs.Secret]int{s: 1}, Any: s, hidden: s}
	h.Nested.Secret, h.deep.hidden = s, &s
	return map[string]any{"value": s, "pointer": &s, "list": []configs.Secret{s}, "array": [1]configs.Secret{s},
		"map": map[string]any{"a": s}, "key": map[configs.Secret]int{s: 1}, "struct": h, "struct pointer": &h,
		"list of structs": []*holder{&h}, "channel of reflect": reflect.ValueOf(h)}
}

// TestSecretNeverPrints formats a secret in every way that a log line or a page could.
func TestSecretNeverPrints(t *testing.T) {
	for name, value := range secrets() {
		t.Run(name, func(t *testing.T) {
			for _, verb := range "vdsqxXUobcgGeEtTp" {
				for _, flags := range []string{"", "+", "#", " ", "-20", "020", ".3"} {
					clean(t, flags+string(verb), fmt.Sprintf("%"+flags+string(verb), value))
				}
			}
			clean(t, "Sprint", fmt.Sprint(value)+fmt.Sprintln(value))
			clean(t, "error", fmt.Errorf("failed with %v: %w", value, errors.New("x")).Error())
			clean(t, "panic", recovered(value))
			clean(t, "slog text", logged(value, func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }))
			clean(t, "slog json", logged(value, func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }))
			if reflected, is := value.(reflect.Value); is {
				value = reflected.Interface()
			}
			encoded(t, "json", value, json.Marshal)
			encoded(t, "xml", value, xml.Marshal)
			encoded(t, "yaml", value, yaml.Marshal)
			encoded(t, "gob", value, func(v any) ([]byte, error) {
				var b bytes.Buffer
				err := gob.NewEncoder(&b).Encode(v)
				return b.Bytes(), err
			})
		})
	}
}

func clean(t *testing.T, how, text string) {
	t.Helper()
	for _, leak := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), "7f3a", fmt.Sprintf("%d", []byte(canary))} {
		if strings.Contains(text, leak) {
			t.Errorf("%s prints %s", how, text)
		}
	}
}

// encoded also looks at the error: an encoder that refuses a value may quote it.
func encoded(t *testing.T, how string, value any, encode func(any) ([]byte, error)) {
	t.Helper()
	b, err := encode(value)
	clean(t, how, string(b))
	if err != nil {
		clean(t, how+" error", err.Error())
	}
}

func logged(value any, handler func(*bytes.Buffer) slog.Handler) string {
	var b bytes.Buffer
	log := slog.New(handler(&b)).With("with", value)
	log.WithGroup("g").Info("msg", "value", value, slog.Group("group", slog.Any("inner", value)))
	return b.String()
}

func recovered(value any) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic(value)
}

func TestSecretIsShownAsOne(t *testing.T) {
	s := configs.NewSecret(canary)
	b, err := yaml.Marshal(map[string]any{"community": s})
	if err != nil || strings.TrimSpace(string(b)) != "community: <secret>" {
		t.Errorf("%s %v", b, err)
	}
	if got := fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, &s); strings.Count(got, "<secret>") != 5 {
		t.Error(got)
	}
}

func TestSecretCompares(t *testing.T) {
	a, b, none := configs.NewSecret("a"), configs.NewSecret("b"), configs.Secret{}
	if a.Reveal() != "a" || none.Reveal() != "" || configs.NewSecret("") != none {
		t.Error("Reveal")
	}
	if a.IsZero() || !none.IsZero() {
		t.Error("IsZero")
	}
	if a != configs.NewSecret("a") || a == b || !reflect.DeepEqual(a, configs.NewSecret("a")) {
		t.Error("==: a reload would take an unchanged secret for a new one")
	}
	if !a.Equal(configs.NewSecret("a")) || a.Equal(b) || a.Equal(none) || !none.Equal(configs.Secret{}) {
		t.Error("Equal")
	}
}

// TestProblemsShowNoSecret: whatever is wrong with a value, the message does not repeat what stands in
// the place of a secret or came from the environment.
func TestProblemsShowNoSecret(t *testing.T) {
	t.Setenv("CANARY", canary)
	for _, text := range []string{
		"credentials: [{ name: a, snmp: { community: [ canary-7f3a ] } }]",
		"credentials: [{ name: a, snmp: { community: { canary-7f3a: 1 } } }]",
		"credentials: [{ name: a, snmp: { comunity: canary-7f3a } }]",
		"credentials: [{ name: a, snmp: canary-7f3a }]",
		"credentials: [canary-7f3a]", "credentials: canary-7f3a",
		"web: { limit: \"${CANARY}\" }", "web: { idle: \"${CANARY}\" }", "web: { wait: \"1${CANARY}\" }", "web: ${CANARY}",
		"web: { insecure: \"${CANARY}\" }", "channels: [{ name: x, access: \"${CANARY}\" }]", "channels: ${CANARY}",
		"devices: [{ name: a, address: b, extra: !env \"${CANARY}\" }]",
		"devices: [{ name: \"${CANARY} x\", address: b }]", "devices: [{ name: \"x \\\" ${CANARY}\", address: b, credentials: [c] }]",
		"credentials: [{ name: a, snmp: { community: *canary-7f3a } }]",
		"credentials: [{ name: a, snmp: { community: !canary-7f3a } }]",
		"credentials: [{ name: a, snmp: { community: !canary-7f3a x } }]",
		"credentials: [{ name: a, snmp: { community: a,canary-7f3a } }]",
		"credentials: [{ name: a, snmp: { community: a,canary-7f3a,canary-7f3a } }]",
	} {
		_, problems := parse(t, text)
		if len(problems) == 0 {
			t.Errorf("%s: nothing was found wrong", text)
		}
		clean(t, text, problems.Error())
	}
}
