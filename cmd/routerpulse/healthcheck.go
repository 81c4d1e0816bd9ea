package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func newHealthcheck(streams) *cobra.Command {
	url := "http://127.0.0.1:8080/-/healthy"
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "Ask a running RouterPulse whether it is healthy: exit 0 or 1", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return healthy(cmd.Context(), url) }}
	cmd.Flags().StringVar(&url, "url", url, "what to ask")
	return cmd
}

// healthy asks once: the container engine that calls it decides how often.
func healthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return usageError{err}
	}
	// No proxy, whatever the environment says: it is this machine that is asked.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}
