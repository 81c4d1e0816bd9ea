package sse

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(crowdAddress); address != "" {
		os.Exit(beCrowd(address))
	}
	goleak.VerifyTestMain(m)
}
