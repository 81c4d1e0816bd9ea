package snmp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/configs"
)

const (
	minPassword = 8  // bytes, RFC 3414, section 11.2; agents refuse less
	maxName     = 32 // bytes of a user's or a context's name
)

// authProtocol returns what a spelling of auth: means, and false for one that means nothing.
func authProtocol(name string) (gosnmp.SnmpV3AuthProtocol, bool) {
	switch strings.ToLower(name) {
	case "":
		return gosnmp.NoAuth, true
	case "md5":
		return gosnmp.MD5, true
	case "sha", "sha1":
		return gosnmp.SHA, true
	case "sha224":
		return gosnmp.SHA224, true
	case "sha256":
		return gosnmp.SHA256, true
	case "sha384":
		return gosnmp.SHA384, true
	case "sha512":
		return gosnmp.SHA512, true
	}
	return gosnmp.NoAuth, false
}

// privProtocol is the same for priv:. The names that end in c extend the key as Cisco's devices do (a
// draft of Reeder's), those without as most others (a draft of Blumenthal's).
func privProtocol(name string) (gosnmp.SnmpV3PrivProtocol, bool) {
	switch strings.ToLower(name) {
	case "":
		return gosnmp.NoPriv, true
	case "des":
		return gosnmp.DES, true
	case "aes", "aes128":
		return gosnmp.AES, true
	case "aes192":
		return gosnmp.AES192, true
	case "aes256":
		return gosnmp.AES256, true
	case "aes192c":
		return gosnmp.AES192C, true
	case "aes256c":
		return gosnmp.AES256C, true
	}
	return gosnmp.NoPriv, false
}

// userKeys lists the keys that are set and belong to SNMP v3 alone.
func (c *Credential) userKeys() []string {
	set := map[string]bool{
		"user": c.User != "", "auth": c.Auth != "", "priv": c.Priv != "", "context": c.Context != "",
		"auth_password": !c.AuthPassword.IsZero(), "auth_password_file": c.AuthPasswordFile != "",
		"priv_password": !c.PrivPassword.IsZero(), "priv_password_file": c.PrivPasswordFile != "",
	}
	var keys []string
	for key, is := range set {
		if is {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (c *Credential) validateUser(r *configs.Report) {
	if !c.Community.IsZero() {
		r.At("community").Errorf("remove it, or write version: 2c", "SNMP v3 has users and no community")
	}
	if c.CommunityFile != "" {
		r.At("community_file").Errorf("remove it, or write version: 2c", "SNMP v3 has users and no community")
	}
	switch {
	case c.User == "":
		r.At("user").Errorf("write the user's name; RouterOS calls it a community", "missing")
	case len(c.User) > maxName:
		r.At("user").Errorf("", "longer than %d bytes", maxName)
	}
	if len(c.Context) > maxName {
		r.At("context").Errorf("", "longer than %d bytes", maxName)
	}
	if _, ok := authProtocol(c.Auth); !ok {
		r.At("auth").Errorf("write md5, sha1, sha224, sha256, sha384 or sha512; RouterOS has md5 and sha1", "unknown protocol %q", c.Auth)
	}
	if _, ok := privProtocol(c.Priv); !ok {
		r.At("priv").Errorf("write des, aes128, aes192, aes256, aes192c or aes256c; RouterOS has des and aes128", "unknown protocol %q", c.Priv)
	}
	if c.Priv != "" && c.Auth == "" {
		r.At("priv").Errorf("add auth: and its password", "nothing is encrypted that is not signed")
	}
	validatePassword(r, "auth", c.Auth, c.AuthPassword, c.AuthPasswordFile)
	validatePassword(r, "priv", c.Priv, c.PrivPassword, c.PrivPasswordFile)
}

// validatePassword reports what is wrong with the password of a protocol, which is auth or priv.
func validatePassword(r *configs.Report, key, protocol string, password configs.Secret, file configs.File) {
	inline, inFile := key+"_password", key+"_password_file"
	switch {
	case protocol == "" && !password.IsZero():
		r.At(inline).Errorf("add "+key+": with its protocol, or remove the password", "there is no %s: that would use it", key)
	case protocol == "" && file != "":
		r.At(inFile).Errorf("add "+key+": with its protocol, or remove the password", "there is no %s: that would use it", key)
	case protocol == "":
	case password.IsZero() && file == "":
		r.At(inFile).Errorf("write "+inFile+": with a path, or "+inline+`: "${A_VARIABLE}"`, "missing")
	case !password.IsZero() && file != "":
		r.At(inFile).Errorf("keep one of them", "%s is given as well", inline)
	case !password.IsZero() && len(password.Reveal()) < minPassword:
		r.At(inline).Errorf("SNMP v3 allows no less", "shorter than %d characters", minPassword)
	}
}

// passwords are the secrets of a v3 user; one that is not used is zero.
type passwords struct{ auth, priv configs.Secret }

// revealPasswords returns the passwords, from their files where they have some.
func (c *Credential) revealPasswords() (p passwords, err error) {
	if p.auth, err = passwordOf(c.AuthPassword, c.AuthPasswordFile); err != nil {
		return passwords{}, err
	}
	if p.priv, err = passwordOf(c.PrivPassword, c.PrivPasswordFile); err != nil {
		return passwords{}, err
	}
	return p, nil
}

func passwordOf(inline configs.Secret, file configs.File) (configs.Secret, error) {
	if file == "" {
		return inline, nil
	}
	secret, err := configs.ReadSecretFile(file.String())
	if err != nil {
		return configs.Secret{}, err
	}
	if len(secret.Reveal()) < minPassword {
		return configs.Secret{}, fmt.Errorf("%s: the password is shorter than %d characters, which SNMP v3 does not allow", file, minPassword)
	}
	return secret, nil
}

// level is the security level that the credential asks for, and that its replies must have.
func (c *Credential) level() gosnmp.SnmpV3MsgFlags {
	switch {
	case c.Priv != "":
		return gosnmp.AuthPriv
	case c.Auth != "":
		return gosnmp.AuthNoPriv
	}
	return gosnmp.NoAuthNoPriv
}
