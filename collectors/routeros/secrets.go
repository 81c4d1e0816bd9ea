package routeros

import "strings"

// secret reports that an attribute must never be asked for: it holds a password, a key, or text that
// may hold one. A group without the policy "sensitive" should not be given it; we do not rely on that.
func secret(attr string) bool {
	for _, part := range secretParts() {
		if strings.Contains(attr, part) {
			return true
		}
	}
	return false
}

// secretParts are what names of secrets hold. "key" alone would hit public-key.
func secretParts() []string {
	return []string{"password", "passwd", "passphrase", "secret", "private-key", "shared-key", "reconfigure-key", "authentication-key",
		"encryption-key", "static-key", "auth-key", "env-current", "envlist", "config-json", "wireguard-client-config", "private-pre-shared",
		"token", "ipsec-key", "wep-key", "static-transmit-key", "passcode", "pin-code", "sim-pin", "eap-identity-password"}
}

// secretMenu reports that nothing is asked of a menu, whatever the attributes: it is about secrets.
func secretMenu(path string) bool {
	for _, menu := range []string{"/ppp/secret", "/interface/wifi/security", "/interface/wireless/security-profiles", "/ip/ipsec/identity",
		"/caps-man/security", "/snmp/community", "/user/ssh-keys/private"} {
		if path == menu || strings.HasPrefix(path, menu+"/") {
			return true
		}
	}
	return false
}
