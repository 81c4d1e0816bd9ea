package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/routerpulse/routerpulse/configs"
)

// UserConfig is a user of the page, with a password.
type UserConfig struct {
	Name           string   `yaml:"name"`
	PasswordBcrypt string   `yaml:"password_bcrypt"` // `routerpulse hash-password` makes it
	Roles          []string `yaml:"roles"`
	Channels       Patterns `yaml:"channels"` // as of a token
	Routers        []string `yaml:"routers"`  // as of a token
}

// What a hash may cost: less is too easy to try, more would keep the machine from its work.
const (
	minCost = 10
	maxCost = 14
)

func (u UserConfig) validate(r *configs.Report) {
	if !PlainName(u.Name) {
		r.At("name").Errorf("use at most 64 letters, digits, - _ . @", "%q is no name for a user", u.Name)
	}
	const hint = "`routerpulse hash-password` makes the hash; never write the password itself"
	switch cost, err := bcrypt.Cost([]byte(u.PasswordBcrypt)); {
	case u.PasswordBcrypt == "":
		r.At("password_bcrypt").Errorf(hint, "the user has no password")
	case err != nil:
		r.At("password_bcrypt").Errorf(hint, "this is no bcrypt hash")
	case cost < minCost || cost > maxCost:
		r.At("password_bcrypt").Errorf(hint, "a hash of cost %d: use %d to %d", cost, minCost, maxCost)
	}
	validateNames(r.At("roles"), "role", u.Roles)
	u.Channels.Validate(r.At("channels"))
	validateSelector(r.At("routers"), u.Routers)
}

// Matches reports that the password is the user's.
func (u UserConfig) Matches(password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(u.PasswordBcrypt), []byte(password)) == nil
}

// HashPassword makes the hash of a password, for the config.
func HashPassword(password string) (string, error) {
	if len(password) < 8 {
		return "", errors.New("the password is shorter than 8 characters: choose a longer one")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return "", errors.New("the password is longer than 72 bytes: choose a shorter one")
	}
	return string(hash), err
}

const bcryptCost = 12

// costOf is what it costs to check a password of the list.
func costOf(list []UserConfig) int {
	if len(list) == 0 {
		return bcrypt.MinCost
	}
	cost, err := bcrypt.Cost([]byte(list[0].PasswordBcrypt))
	if err != nil {
		return minCost
	}
	return cost
}

// account is a user of the page, ready to log in.
type account struct {
	hash     []byte
	identity Identity
}

func (u account) same(other account) bool {
	return string(u.hash) == string(other.hash) && u.identity.sameRights(other.identity)
}

// newAccounts takes those that are the same over from the present ones: their sessions go on.
func newAccounts(list []UserConfig, present map[string]account, now time.Time) (map[string]account, error) {
	accounts := make(map[string]account, len(list))
	for _, u := range list {
		routers, err := NewSelector(u.Routers)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", u.Name, err)
		}
		next := account{[]byte(u.PasswordBcrypt), Identity{User: u.Name, Roles: u.Roles, Channels: u.Channels, Routers: routers}}
		if old, ok := present[u.Name]; ok && old.same(next) {
			next = old
		} else {
			next.identity.lease = newLease(now)
		}
		accounts[u.Name] = next
	}
	return accounts, nil
}

// ErrPassword says that a login failed, and not what was wrong with it.
var ErrPassword = errors.New("user or password is wrong")

// byPassword finds the identity of a user. It takes as long for a user that does not exist, and never
// checks more passwords at once than there are turns.
func (a *Access) byPassword(ctx context.Context, user, password string) (Identity, error) {
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-ctx.Done():
		return Identity{}, ErrPassword
	}
	rules := a.rules.Load()
	found, ok := rules.accounts[user]
	hash := found.hash
	if !ok {
		hash = rules.nobody
	}
	if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil || !ok {
		return Identity{}, ErrPassword
	}
	return found.identity, nil
}
