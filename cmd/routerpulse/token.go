package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"
)

// tokenPrefix makes a leaked token easy to find, for people and for scanners.
const tokenPrefix = "rpulse_"

func newToken(io streams) *cobra.Command {
	return &cobra.Command{
		Use: "token", Short: "Make a token, and the SHA-256 of it for the config", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			token := mintToken()
			sum := sha256.Sum256([]byte(token))
			_, err := fmt.Fprintf(io.out, "token:  %s\nsha256: %s\n\nGive the token to the client; it is not stored anywhere. Put the SHA-256 into the config:\n\n"+
				"access:\n  tokens:\n    - { name: my-client, sha256: %q, roles: [viewer] }\n", token, hex.EncodeToString(sum[:]), hex.EncodeToString(sum[:]))
			return err
		}}
}

// mintToken makes 192 random bits.
func mintToken() string {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // it never fails: crypto/rand ends the program instead
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
}
