package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/configs"
)

// Rule says who may have something. In YAML: public, authenticated, {roles: […]} or {users: […]}.
type Rule struct {
	Roles []string `yaml:"roles,omitempty"` // whoever has one of them
	Users []string `yaml:"users,omitempty"` // these, by name

	word string // "public" or "authenticated", or what somebody wrote instead
}

// Public lets anyone in.
func Public() Rule { return Rule{word: "public"} }

// Authenticated lets any identity in.
func Authenticated() Rule { return Rule{word: "authenticated"} }

// ForRoles lets in whoever has one of the roles.
func ForRoles(roles ...string) Rule { return Rule{Roles: roles} }

// UnmarshalText reads the short form.
func (a *Rule) UnmarshalText(text []byte) error {
	*a = Rule{word: string(text)}
	return nil
}

// MarshalYAML writes the rule as it may be written.
func (a Rule) MarshalYAML() (any, error) {
	if a.word != "" {
		return a.word, nil
	}
	type long Rule
	return long(a), nil
}

// Validate reports what is wrong with the rule.
func (a Rule) Validate(r *configs.Report) {
	const hint = "write public, authenticated, {roles: […]} or {users: […]}"
	named := len(a.Roles) > 0 || len(a.Users) > 0
	switch {
	case a.word != "" && a.word != "public" && a.word != "authenticated":
		r.Errorf(hint, "%q is no kind of access", a.word)
	case a.word == "" && !named:
		r.Errorf(hint, "it does not say who may listen")
	}
	validateNames(r.At("roles"), "role", a.Roles)
	for i, u := range a.Users {
		if u == "" {
			r.At("users", i).Errorf("write the user's name", "a user without a name")
		}
	}
}

// AllowsChannel is Allows for a channel of that name.
func (a Rule) AllowsChannel(id Identity, name string) (ok bool, why string) {
	if id.granted != nil && a.word != "public" {
		if !slices.Contains(id.granted, name) {
			return false, "was not asked for when the application let you in"
		}
		return true, ""
	}
	if ok, why := a.Allows(id); !ok {
		return false, why
	}
	if a.word != "public" && id.Channels != nil && !id.Channels.Match(name) {
		return false, "is not among the channels of " + id.User + ": " + strings.Join(id.Channels, ", ")
	}
	return true, ""
}

// NeedsIdentity reports that it lets nobody in who is anonymous.
func (a Rule) NeedsIdentity() bool { return a.word != "public" }

// Allows reports whether the identity may, and if not why, as the second half of a sentence that
// begins with what it is about: "needs an identity", "is only for role admin".
func (a Rule) Allows(id Identity) (ok bool, why string) {
	switch {
	case a.word == "public":
		return true, ""
	case id.Anonymous():
		return false, "needs an identity"
	case a.word == "authenticated", slices.ContainsFunc(a.Roles, id.Has), slices.Contains(a.Users, id.User):
		return true, ""
	}
	return false, "is only for " + a.who() + "; " + id.describe()
}

func (a Rule) who() string {
	var who []string
	if len(a.Roles) > 0 {
		who = append(who, plural("role", a.Roles)+" "+strings.Join(a.Roles, " or "))
	}
	if len(a.Users) > 0 {
		who = append(who, "certain users")
	}
	if who == nil {
		return "nobody"
	}
	return strings.Join(who, " and for ")
}

func plural(word string, list []string) string {
	if len(list) == 1 {
		return word
	}
	return word + "s"
}

func (id Identity) describe() string {
	if len(id.Roles) == 0 {
		return fmt.Sprintf("you are %s, without a role", id.User)
	}
	return fmt.Sprintf("you are %s with %s %s", id.User, plural("role", id.Roles), strings.Join(id.Roles, ", "))
}
