# make help lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

GO       ?= go
TAGS     := gosnmp_nodebug# takes gosnmp's logging out: it would print communities
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# What the program is built with: where its CPU goes, from make pgo. Tests are built without: it would compile everything twice.
PROFILE  := cmd/routerpulse/default.pgo
LDFLAGS  := -s -w -X main.version=$(VERSION)
# Every package may have a server of its own running: more at once than cores only slows them down.
TESTFLAGS ?= -race -timeout 15m -p 2
GOLANGCI := v2.15.0
TELEGRAF := v1.37.2
TOOLS    := $(CURDIR)/.tools/bin

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/routerpulse
	CGO_ENABLED=0 $(GO) build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)' -o bin/routerpulse ./cmd/routerpulse

.PHONY: demo
demo: ## run it with simulated routers
	$(GO) run -tags $(TAGS) ./cmd/routerpulse demo

.PHONY: install
install: ## install what the tests need
	@.ci/install

.PHONY: vet
vet: ## go vet
	$(GO) vet -pgo=off -tags $(TAGS) ./...

.PHONY: test
test: install vet test-page ## run every test, with the race detector
	$(GO) test $(TESTFLAGS) -pgo=off -tags $(TAGS) ./...

.PHONY: test-page
test-page: ## unit tests of the page and of the client module, and that web/dist is what its sources build
	@if ! node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null; then \
	  echo "NOT RUN: the unit tests of the page: they need Node 20.19 or later"; \
	else \
	  cd web/app && npm ci --no-audit --no-fund --silent && npm test --silent && npx tsc --noEmit && \
	  built=$$(mktemp -d) && npx vite build --logLevel error --outDir "$$built" --emptyOutDir && diff -r "$$built" ../dist && rm -r "$$built" && \
	  cd ../client && npm ci --no-audit --no-fund --silent && npm test --silent; \
	fi

.PHONY: cover
cover: install ## tests with coverage, into coverage.html
	$(GO) test -timeout 15m -p 2 -pgo=off -tags $(TAGS) -coverprofile=coverage.out -coverpkg=./... ./...
	$(GO) tool cover -html=coverage.out -o coverage.html

.PHONY: bench
bench: bench-firstrun bench-lateness ## what a user sees, a fleet with dead routers, Go benchmarks
	$(GO) test -run '^$$' -bench . -benchmem -p 1 -pgo=off -tags $(TAGS) ./...

.PHONY: bench-firstrun
bench-firstrun: build ## the demo: time to the first change, snapshot, end
	$(GO) run ./bench/firstrun

.PHONY: bench-lateness
bench-lateness: build ## 1,000 routers every 10 s, 200 of them dead: lateness at the simulator
	$(GO) run ./bench/lateness

MKTXP := .tools/mktxp/bin/mktxp

$(MKTXP):
	python3 -m venv .tools/mktxp
	.tools/mktxp/bin/pip install -q mktxp==2.1.0

.PHONY: bench-routeros
bench-routeros: build $(MKTXP) ## cost of a poll over the RouterOS API, beside mktxp (about 3 min)
	$(GO) run ./bench/routeros

.PHONY: bench-snmp
bench-snmp: build $(TOOLS)/telegraf-$(TELEGRAF)-influxdb ## CPU of a poll over SNMP, side by side with Telegraf (about 80 s)
	$(GO) run ./bench/snmp -telegraf $(TOOLS)/telegraf-$(TELEGRAF)-influxdb

.PHONY: bench-influxdb
bench-influxdb: install build $(TOOLS)/telegraf-$(TELEGRAF)-influxdb ## the same up to the write that InfluxDB 1.8 acknowledged (about 80 s)
	$(GO) run ./bench/snmp -influxd -out bench/snmp/influxdb.json -telegraf $(TOOLS)/telegraf-$(TELEGRAF)-influxdb

# Of its hundreds of plugins, those that the comparisons need: the others would take minutes to build.
$(TOOLS)/telegraf-$(TELEGRAF)-influxdb:
	GOBIN=$(TOOLS) $(GO) install -tags custom,inputs.snmp,outputs.discard,outputs.file,outputs.influxdb_v2,serializers.influx \
	  github.com/influxdata/telegraf/cmd/telegraf@$(TELEGRAF)
	mv $(TOOLS)/telegraf $@

.PHONY: bench-scale
bench-scale: build ## 10,000 routers of 20 interfaces every 30 s in one process: lateness, memory (about 25 min)
	$(GO) run ./bench/scale

.PHONY: bench-stream-server
bench-stream-server:
	$(GO) build -trimpath -pgo=$(PROFILE) -tags $(TAGS) -o bin/bench-stream-server ./bench/stream/server

.PHONY: bench-stream
bench-stream: bench-stream-server ## 5,000 subscribers, side by side with r3labs/sse and go-sse (about 12 min)
	cd bench/stream/peers && $(GO) build -trimpath -o $(CURDIR)/bin/bench-stream-peers .
	$(GO) run ./bench/stream $(STREAMFLAGS)

.PHONY: bench-store
bench-store: ## the embedded store: bytes a sample, charts of a day and of a year (about 10 min)
	$(GO) run -tags $(TAGS) ./bench/store

.PHONY: faults
faults: install ## the fault matrix with its full trials, one line a row (about an hour, as root)
	$(GO) run ./bench/faults

.PHONY: fault
fault: install ## one row of it: make fault ROW=05
	$(GO) run ./bench/faults -row $(ROW)

.PHONY: recordings
recordings: ## replay the recordings of real devices beside the project, compare with the oracle, print the table
	$(GO) test -tags $(TAGS) ./collectors/snmp -run 'TestRecordings|TestCatalogue' -v | grep -v '^=== '

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (default 30s)
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' "$$p" 2>/dev/null | grep '^Fuzz' || true); do \
	    echo "== $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $${FUZZTIME:-30s} -fuzzminimizetime 5x "$$p"; \
	  done; \
	done

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI) ## golangci-lint, and shellcheck where it is installed
	$< run --build-tags $(TAGS) ./...
	@if command -v shellcheck >/dev/null; then shellcheck .ci/install .ci/run; fi

$(TOOLS)/golangci-lint-$(GOLANGCI):
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv $(TOOLS)/golangci-lint $@

.PHONY: generate
generate: ## dashboards and docs/tables.md from the schema
	$(GO) generate ./dashboards ./collectors

.PHONY: fixtures
fixtures: ## record the simulated routers of collectors/testdata anew, and write what is read of all fixtures as expected
	$(GO) test -tags $(TAGS) ./collectors -run '^TestFixtures$$' -count 1 -record -update
	git --no-pager diff --stat -- collectors/testdata

.PHONY: pgo
pgo: install build bench-stream-server ## measure where the CPU goes, for the compiler: polls written to InfluxDB, and 5,000 streams (about 5 min)
	@dir=$$(mktemp -d) && trap 'rm -r "$$dir"' EXIT && cp bin/routerpulse bin/bench-stream-server "$$dir" && \
	$(GO) run ./bench/snmp -influxd -only routerpulse -program "$$dir/routerpulse" -period 1s -seconds 150 -profile "$$dir/snmp.pprof" -out "$$dir/snmp.json" && \
	$(GO) run ./bench/stream -alone -only load -server "$$dir/bench-stream-server" -profiles "$$dir" -out "$$dir/stream.json" && \
	$(GO) tool pprof -proto "$$dir/snmp.pprof" "$$dir/load.prof" > $(PROFILE)

.PHONY: web
web: ## check and build the page into web/dist, check the client module (needs Node 20.19 or later)
	cd web/app && npm ci --no-audit --no-fund && npm run lint && npm test && npm run build
	cd web/client && npm ci --no-audit --no-fund && npm run lint && npm test

.PHONY: clean
clean: ## remove what was built here
	rm -rf bin coverage.out coverage.html
