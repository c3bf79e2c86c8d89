# The front door. "make help" lists the targets.

GO         ?= go
FUZZTIME   ?= 30s
STATICCHECK = $(GO) tool -modfile=internal/tools/go.mod staticcheck

.PHONY: help setup check test bench proof build api fuzz screenshots

# Nested modules, kept apart so that importers of the library never see what they need.
MODULES = examples/forgotpassword examples/integrations internal/proof internal/bench

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: ## fetch what the tests need: modules, Java and Node.js, the local AWS servers
	$(GO) mod download
	$(GO) mod download -modfile=internal/tools/go.mod
	sh internal/servers/setup.sh
	@for module in $(MODULES); do $(MAKE) -C $$module setup || exit 1; done

check: ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags screenshots ./sesmail
	$(STATICCHECK) ./...
	@for module in $(MODULES); do $(MAKE) -C $$module check || exit 1; done

test: setup check ## everything: set-up, checks, and all tests with race detector and shuffle
	$(GO) run ./internal/servers/run $(GO) test -race -shuffle=on -timeout=20m ./...
	$(GO) test -run TestAllocs .
	@for module in $(MODULES); do $(MAKE) -C $$module test || exit 1; done

bench: ## measure, and compare with the bounds, in about a quarter of an hour
	$(MAKE) -C internal/bench bench

proof: ## the long form of the proofs, in some minutes; the quick form is part of test
	$(MAKE) -C internal/proof proof fips

build: ## the Lambda functions of the forgot-password system
	$(MAKE) -C examples/forgotpassword build

api: ## list the exported API anew, after a change that is meant
	$(GO) test ./internal/repo -run TestAPI -update

fuzz: ## run each fuzz target for FUZZTIME (default 30s)
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done
	$(MAKE) -C examples/forgotpassword fuzz FUZZTIME=$(FUZZTIME)

screenshots: ## pictures of the mail, to look at; needs chromium, fonts-noto-core and fonts-noto-cjk
	$(GO) test ./sesmail -tags screenshots -run TestScreenshots -args -screenshots $(CURDIR)/build/screenshots
	cp build/screenshots/mail.png docs/images/mail.png
