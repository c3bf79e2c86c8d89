# The front door. "make help" lists the targets.

GO       ?= go
FUZZTIME ?= 30s
RECORDS  ?= 1000000

# All modules, the root first. Nested ones keep what they need away from importers of the library.
MODULES = . $(filter-out internal/tools,$(patsubst %/go.mod,%,$(wildcard */go.mod */*/go.mod)))
SETUPS  = $(wildcard */setup.sh */*/setup.sh)

# Tools, pinned by internal/tools/go.mod and package-lock.json.
TOOL    = $(GO) tool -modfile=$(CURDIR)/internal/tools/go.mod
REVIVE  = $(TOOL) revive -config $(CURDIR)/internal/tools/revive.toml -set_exit_status
REMARK  = internal/tools/node_modules/.bin/remark --no-config --rc-path internal/tools/remark.json
SERVERS = $(GO) run ./internal/servers/run

.PHONY: help setup check test test-running bench engines scale proof fips fuzz build release \
	screenshots plots

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: ## fetch what the tests need: modules, tools, servers, a browser
	$(GO) mod download -modfile=internal/tools/go.mod
	@set -e; for module in $(MODULES); do $(GO) -C $$module mod download; done
	@set -e; for script in $(SETUPS); do echo "sh $$script"; sh $$script; done

check: ## gofmt, vet, staticcheck, revive, spelling, links and lines of the documentation
	@unformatted=$$($$($(GO) env GOROOT)/bin/gofmt -l $$(git ls-files '*.go')); \
	test -z "$$unformatted" || { echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; }
	@! git ls-files -z '*.go' | xargs -0 grep -lzP '\n\n[ \t]*return\b' || \
		{ echo "no blank line above return, please"; exit 1; }
	@set -e; for module in $(MODULES); do \
		echo "check $$module"; cd $(CURDIR)/$$module; \
		$(GO) vet ./...; $(TOOL) staticcheck ./...; $(REVIVE) ./...; \
	done
	$(GO) -C examples/forgotpassword vet -tags laptop ./server
	$(TOOL) misspell -locale US -error -i adress,connexion,dialogue,dialogues $$(git ls-files '*.go' '*.md')
	$(REMARK) --quiet --frail --no-stdout $$(git ls-files '*.md')

test: setup check ## everything: set-up, checks, and all tests with race detector and shuffle
	$(SERVERS) $(MAKE) test-running

# Modules without the race detector: SQLite in Go takes minutes more to build and to run with it, and
# most of the others does one thing at a time.
RACELESS = internal/storetest internal/proof internal/phonetest

# All tests, beside servers that run. The race detector would add to what TestAllocs counts.
test-running:
	$(MAKE) -C examples/forgotpassword build
	@set -e; for module in $(filter-out $(RACELESS),$(MODULES)); do \
		echo "test $$module"; $(GO) -C $$module test -race -shuffle=on -timeout=20m ./...; \
	done
	$(GO) test -run 'TestAllocs|TestOneCodeOfAMillion' ./internal/ruletest
	$(GO) -C internal/proof test -race ./histories -run TestLinearizable -proof.concurrent=250
	@set -e; for module in $(RACELESS); do \
		echo "test $$module"; $(GO) -C $$module test -shuffle=on -timeout=20m ./...; \
	done

bench: ## measure, and hold the figures to their bounds, in about an hour
	mkdir -p build
	$(SERVERS) -only dynamodb,postgres,mariadb,redis $(GO) -C internal/storetest test -run '^$$' \
		-bench . -skip 'Purge|LiveCodes|Written|Scale' -benchtime 1000x -count 6 -timeout=30m ./... \
		>build/bench.txt
	$(SERVERS) -only postgres,mariadb $(GO) -C internal/storetest test -run '^$$' \
		-bench 'Purge|LiveCodes|Written' -benchtime 1x -timeout=30m ./sqldb ./memory >>build/bench.txt
	$(GO) test -run '^$$' -bench 'Verify|ProvedSignIn' -benchtime 2000x -count 6 ./evp ./otphttp \
		>>build/bench.txt
	$(GO) -C smtpmail test -run '^$$' -bench Throughput -benchtime 1x . >>build/bench.txt
	$(MAKE) -s --no-print-directory -C examples/forgotpassword bench >>build/bench.txt
	$(GO) test -count=1 -timeout=60m ./internal/browsers -run TestLooks -args \
		-browsers chromium,firefox,webkit -languages en,ar,de,es,fr,he,it,ja,nl,pl,pt,zh-CN,zh-TW
	$(TOOL) benchstat build/bench.txt

engines: ## the stores on more engines: PostgreSQL 18, PgBouncer, drivers, clusters, etcd
	sh internal/servers/more/setup.sh
	$(GO) -C internal/storetest/engines vet ./...
	OTP_REQUIRE_TOOLS=1 $(GO) -C internal/storetest/engines test -timeout=30m ./...

scale: ## fill databases with RECORDS (default a million), measure what codes cost, draw pictures
	$(GO) -C internal/storetest test -run '^$$' -bench Scale -benchtime 1x -timeout=3h ./sqldb \
		-args -records=$(RECORDS) -pictures=$(CURDIR)/docs/images

proof: ## the long form of the proofs, in some minutes; the quick form is part of test
	$(GO) -C internal/proof test -count=1 -v -timeout=20m ./histories \
		-proof.histories=20000 -proof.concurrent=10000
	$(GO) -C internal/proof test -count=1 -v -timeout=20m ./leases -proof.steps=7
	$(GO) -C internal/proof test -count=1 -v -timeout=20m ./defects
	$(MAKE) fips

# With nothing but approved cryptography. One processor and no garbage collection: Go seeds a random
# generator for each processor, anew after a collection, from the jitter of the clock, which stands
# still in a bubble of testing/synctest. Then it panics.
fips:
	GODEBUG=fips140=only GOMAXPROCS=1 GOGC=off GOMEMLIMIT=8GiB \
		$(GO) test -count=1 -p=1 . ./internal/ruletest ./memstore ./otptest

fuzz: ## run each fuzz target for FUZZTIME (default 30s)
	@set -e; for module in $(MODULES); do \
		cd $(CURDIR)/$$module; \
		for package in $$($(GO) list ./...); do \
			for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
				echo "$$package $$target"; \
				$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
			done; \
		done; \
	done

build: ## the Lambda functions of the forgot-password system
	$(MAKE) -C examples/forgotpassword build

release: ## check the release VERSION of the published modules, write it to go.mod, print the tags
	sh internal/tools/release.sh '$(VERSION)' $(filter-out internal/% examples/%,$(MODULES))

screenshots: ## pictures of mail and pages, to look at; needs fonts-noto-core and fonts-noto-cjk
	$(GO) test ./otpmail -run TestScreenshots \
		-args -screenshots $(CURDIR)/build/screenshots
	cp build/screenshots/mail.png docs/images/mail.png
	$(GO) test ./internal/browsers -run TestPicture -args -picture $(CURDIR)/docs/images/pages.png

plots: ## draw the plots of the documentation, from the policy and from its tables
	$(GO) -C internal/plots run . $(CURDIR)/docs
