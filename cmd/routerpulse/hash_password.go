package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/routerpulse/routerpulse/sse/access"
)

func newHashPassword(io streams) *cobra.Command {
	return &cobra.Command{
		Use: "hash-password", Short: "Make the hash of a password, for a user of the page", Args: noArgs,
		Long: "Asks for a password, or reads the first line of its input, and prints the lines for the config.",
		RunE: func(*cobra.Command, []string) error {
			password, err := readPassword(io)
			if err != nil {
				return err
			}
			hash, err := access.HashPassword(password)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(io.out, "access:\n  users:\n    - { name: admin, password_bcrypt: %q, roles: [admin, viewer] }\n", hash)
			return err
		}}
}

// readPassword asks twice in a terminal, which shows nothing of it.
func readPassword(s streams) (string, error) {
	file, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(s.in, 1<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Once more: "} {
		fmt.Fprint(s.err, prompt)
		b, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(s.err)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two are not the same: start again")
	}
	return typed[0], nil
}
