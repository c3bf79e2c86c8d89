# The front door. "make help" lists the targets.

GO         ?= go
FUZZTIME   ?= 30s
STATICCHECK = $(GO) tool -modfile=tools/go.mod staticcheck

.PHONY: help setup check test fuzz

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: ## fetch what the tests need
	$(GO) mod download
	$(GO) mod download -modfile=tools/go.mod

check: ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(STATICCHECK) ./...

test: setup check ## everything: set-up, checks, and all tests with race detector and shuffle
	$(GO) test -race -shuffle=on -timeout=20m ./...

fuzz: ## run each fuzz target for FUZZTIME (default 30s)
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done
