package simulator

import (
	"crypto/md5" // the login of RouterOS before 6.43 is made of it
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
)

// What routers say.
const (
	messageBadLogin  = "invalid user name or password (6)"
	messageOldLogin  = "cannot log in"
	messageNoCommand = "no such command"
	messageNotLogged = "not logged in"
	messageQuit      = "session terminated on request"
)

// login answers /login. Since 6.43 the password comes in clear; before, the router sends a challenge
// first, also to a client that sent its password unasked.
func (s *apiSession) login(c *command) {
	user, _ := c.arg("name")
	if s.router.model.atLeast(6, 43) {
		password, _ := c.arg("password")
		s.finishLogin(c, s.right(user, password), messageBadLogin)
		return
	}
	response, answered := c.arg("response")
	if !answered {
		s.challenge = make([]byte, 16)
		_, _ = rand.Read(s.challenge)
		s.say(c.tag, "!done", "=ret="+hex.EncodeToString(s.challenge))
		return
	}
	ok := s.challenge != nil && same(user, s.fleet.opts.User) && same(response, challengeResponse(s.fleet.opts.Password, s.challenge))
	s.challenge = nil
	s.finishLogin(c, ok, messageOldLogin)
}

func (s *apiSession) finishLogin(c *command, ok bool, refusal string) {
	if s.loggedIn = ok && !s.router.changes.Load().refuse; s.loggedIn {
		s.say(c.tag, "!done")
		return
	}
	s.trap(c.tag, refusal)
}

func (s *apiSession) right(user, password string) bool {
	return same(user, s.fleet.opts.User) && same(password, s.fleet.opts.Password)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// challengeResponse is "00" and the MD5 of a zero byte, the password and the challenge, in hex.
func challengeResponse(password string, challenge []byte) string {
	sum := md5.Sum(append(append([]byte{0}, password...), challenge...))
	return "00" + hex.EncodeToString(sum[:])
}
