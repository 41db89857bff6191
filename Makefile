# Préau. Two commands are enough on a bare Debian with Go and Node:
#   make run    the product with its demo school
#   make test   everything the project can prove about itself

SHELL := /bin/bash
GO    ?= go
export GOFLAGS ?= -mod=readonly
BIN   := bin/preau
WEB   := pwa/dist/index.html
NPM   := pwa/node_modules/.package-lock.json
LINT  := bin/golangci-lint
TOOLS := $(or $(PREAU_TEST_TOOLS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/preau/tools)
MINIO := v0.0.0-20260212201848-7aac2a2c5b7c
VERSITYGW := v1.8.0
TOXIPROXY := v2.5.0
FERRET := $(TOOLS)/ferret
TUSPEER := $(TOOLS)/tuspeer
FERRETSRC := $(addprefix storage/mongo/ferrettest/,go.mod go.sum) $(wildcard storage/mongo/ferrettest/ferret/*.go storage/mongo/ferrettest/cmd/ferret/*.go)
S3    := $(TOOLS)/minio@$(MINIO) $(TOOLS)/versitygw@$(VERSITYGW)
WEBSRC := $(shell find pwa/src pwa/public pwa/index.html pwa/vite.config.ts -type f 2>/dev/null)

.PHONY: run dev demo build test check race mongo s3 servers web e2e browsers lint fmt bench size soak drill load load-nodes soak-transfer bench-transfer faults faults-long nodes clean

run: build ## start on SQLite and disk with the demo school
	$(BIN) demo

demo: run

build: $(WEB)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN) ./cmd/preau
	CGO_ENABLED=0 $(GO) build -o bin/pushtest ./api/notify/pushtest/cmd

dev: $(NPM) ## API with the demo school on :8080, screens with hot reload on :5173
	CGO_ENABLED=0 $(GO) build -o $(BIN) ./cmd/preau
	trap 'kill 0' EXIT; $(BIN) demo & cd pwa && npx vite

$(NPM): pwa/package.json pwa/package-lock.json
	cd pwa && npm ci --no-audit --no-fund
	@touch $@

$(WEB): $(NPM) $(WEBSRC)
	cd pwa && npx vite build

web: $(WEB) ## types, linters and unit tests of the screens, two at a time
	cd pwa && printf '%s\n' types lint unit | xargs -P 2 -I {} npm run {}

$(TOOLS)/minio@$(MINIO):
	CGO_ENABLED=0 GOBIN=$(TOOLS) $(GO) install -trimpath github.com/minio/minio@$(MINIO)
	@touch $@

$(TOOLS)/versitygw@$(VERSITYGW):
	CGO_ENABLED=0 GOBIN=$(TOOLS) $(GO) install -trimpath github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW)
	@touch $@

$(FERRET): $(FERRETSRC)
	cd storage/mongo/ferrettest && CGO_ENABLED=0 $(GO) build -trimpath -o $(abspath $@).new ./cmd/ferret
	mv $@.new $@ # the old one may be running

# The program is called "server" in its repository. The mark says which version.
$(TOOLS)/toxiproxy@$(TOXIPROXY):
	CGO_ENABLED=0 GOBIN=$(TOOLS)/toxiproxy.new $(GO) install -trimpath github.com/Shopify/toxiproxy/v2/cmd/server@$(TOXIPROXY)
	mv $(TOOLS)/toxiproxy.new/server $(TOOLS)/toxiproxy
	rmdir $(TOOLS)/toxiproxy.new
	@touch $@

servers: $(S3) $(FERRET) $(TOOLS)/toxiproxy@$(TOXIPROXY) ## S3 and MongoDB servers for the tests, built once (some minutes) and kept

s3: $(S3) ## the object store against real servers; PREAU_TEST_S3_URL adds one
	PREAU_TEST_TOOLS=$(TOOLS) PREAU_TEST_SERVERS=required $(GO) test -count=1 -timeout 15m ./storage/minio

# SQLite's own C, translated, is as it is without the detector: it is not ours, and its tests take a third of the time.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

race: servers ## Go tests under the race detector
	$(GO) vet ./...
	PREAU_TEST_TOOLS=$(TOOLS) PREAU_TEST_SERVERS=required $(GO) test $(RACE) -timeout 30m ./cmd/preau ./api/mail ./api ./... # the longest first
	PREAU_WHOLE_TERM=1 $(GO) test -run WholeTerm ./cmd/preau/demo

mongo: ## storage/mongo on an embedded FerretDB, or on PREAU_TEST_MONGO_URI
	cd storage/mongo/ferrettest && $(GO) vet ./... && $(GO) test -timeout 30m ./...

browsers: ## Chromium and Firefox, where they are missing
	@bash .ci/browsers

e2e: build browsers $(NPM) ## the stories in real browsers
	cd pwa && npm run e2e

oracle: build $(NPM) ## devices and server live through random school days together
	cd pwa && npm run oracle

test: browsers web race mongo faults e2e oracle size ## everything

check: lint test

$(LINT): tools.mod tools.sum
	$(GO) build -modfile=tools.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

lint: $(LINT)
	$(LINT) run ./...
	$(GO) run -modfile=tools.mod golang.org/x/tools/cmd/deadcode -test ./...
	$(GO) mod tidy -diff
	cd storage/faults && $(abspath $(LINT)) run ./... && $(GO) mod tidy -diff

fmt: $(LINT) $(NPM)
	$(LINT) fmt ./...
	cd pwa && npx prettier --write --log-level warn .

bench: build $(NPM) ## every figure the README and DESIGN quote
	$(GO) test -run '^$$' -bench . -benchtime 1s ./storage/... ./sync/... ./api/...
	cd pwa && npm run bench

size: build $(NPM) ## bytes a phone loads, as gates
	cd pwa && npm run size

soak: build servers $(NPM) ## the long runs: histories, kills
	PREAU_TEST_TOOLS=$(TOOLS) PREAU_TEST_SERVERS=required PREAU_KILL_ROUNDS=500 $(GO) test -run Kill -timeout 2h ./storage/...
	cd pwa && PREAU_HISTORIES=10000 npm run oracle

drill: $(WEB) ## lose a server under load and bring it back; prints a line for the ledger
	PREAU_TEST_DRILL=$(or $(DRILL),20s) $(GO) test -count 1 -run '^TestDrill$$' -timeout 30m -v ./cmd/preau

load: build ## a school morning of 3,300 devices for LOAD=10m (LOADED= more arguments); prints a line for the ledger
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/preau-load ./cmd/preau-load
	@mkdir -p tmp # a disk, where /tmp may be memory
	TMPDIR=$(CURDIR)/tmp bin/preau-load -server $(BIN) -for $(or $(LOAD),10m) $(LOADED)

load-nodes: servers ## a small one of two nodes on one MongoDB and one S3
	PREAU_TEST_TOOLS=$(TOOLS) PREAU_TEST_SERVERS=required PREAU_TEST_LOAD=$(or $(LOAD),1m) \
		$(GO) test -count 1 -v -timeout 30m -run '^TestMorningOfNodes$$' ./cmd/preau-load

soak-transfer: build ## a file of MB=2048 over cut lines and a killed server, folders of 1,000 files, 10^6 guessed links
	@mkdir -p tmp # a disk, where /tmp may be memory
	set -o pipefail; TMPDIR=$(CURDIR)/tmp PREAU_TEST_PROGRAM=$(abspath $(BIN)) PREAU_SOAK_TRANSFER=$(or $(MB),2048) PREAU_KILL_ROUNDS=50 \
		$(GO) test -count 1 -v -timeout 1h -run 'ALargeFile|AThousandFiles|BeyondFourGigabytes|TransfersWhenKilled' ./cmd/preau | $(LEDGER)
	set -o pipefail; PREAU_GUESSES=1000000 $(GO) test -count 1 -v -run GuessedLinks ./api/transfer | $(LEDGER)

$(TUSPEER): cmd/preau/tuspeer/go.mod cmd/preau/tuspeer/go.sum cmd/preau/tuspeer/main.go
	cd cmd/preau/tuspeer && CGO_ENABLED=0 $(GO) build -trimpath -o $(abspath $@) .

bench-transfer: $(TUSPEER) $(TOOLS)/minio@$(MINIO) ## a file of MB=512 sent to this server, to tusd and to MinIO, in turns
	@mkdir -p tmp
	set -o pipefail; TMPDIR=$(CURDIR)/tmp PREAU_TEST_TOOLS=$(TOOLS) PREAU_TEST_SERVERS=required PREAU_BENCH_TRANSFER=$(or $(MB),512) \
		$(GO) test -count 1 -v -timeout 1h -run TransferThroughput ./cmd/preau | $(LEDGER)

FAULTY := 'WhenKilled|FullDisk|ClockJump|ClockRan'
LEDGER := grep -v '^=== '

faults: ## power cuts, failing and full disks, kills, clock jumps: few of each
	set -o pipefail; cd storage/faults && $(GO) vet ./... && $(GO) test -count 1 -v -timeout 10m ./... | $(LEDGER)
	set -o pipefail; PREAU_FAULTS=1 $(GO) test -count 1 -v -timeout 10m -run $(FAULTY) ./cmd/preau ./sync ./api/account | $(LEDGER)

faults-long: ## the same, many of each, with the figures that DESIGN quotes
	set -o pipefail; cd storage/faults && PREAU_POWER_ROUNDS=500 PREAU_ERROR_ROUNDS=200 PREAU_FULL_ROUNDS=200 PREAU_SERVER_ROUNDS=100 \
		$(GO) test -count 1 -v -timeout 3h ./... | $(LEDGER)
	set -o pipefail; PREAU_FAULTS=1 PREAU_KILL_ROUNDS=1000 $(GO) test -count 1 -v -timeout 3h -run 'Kill|FullDisk' ./cmd/preau | $(LEDGER)

nodes: servers ## two nodes on one database, killed ROUNDS times, and bad lines to their stores
	set -o pipefail; PREAU_TEST_TOOLS=$(TOOLS) PREAU_TEST_SERVERS=required PREAU_NODES_ROUNDS=$(or $(ROUNDS),30) PREAU_NETWORK_ROUNDS=$(or $(ROUNDS),30) \
		$(GO) test -count 1 -v -timeout 3h -run 'TestNodes|TestNetwork' ./cmd/preau | $(LEDGER)

clean:
	rm -rf bin pwa/dist/* pwa/node_modules data
