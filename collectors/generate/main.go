// Command generate writes docs/tables.md: "go generate ./collectors" runs it.
package main

import (
	"fmt"
	"os"

	"github.com/routerpulse/routerpulse/collectors"
)

// pageFile is where the page is, from the folder that go generate runs in.
const pageFile = "../docs/tables.md"

// tablesPage is the page about the tables that are built in.
func tablesPage() []byte {
	cfg := collectors.DefaultConfig()
	schema := cfg.Schema()
	return page(cfg.TableInfos(), schema.Table("router_status"), schema.Table("fleet"))
}

func main() {
	if err := os.WriteFile(pageFile, tablesPage(), 0o644); err != nil { //nolint:gosec // to be read by everyone
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
