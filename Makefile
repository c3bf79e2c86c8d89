# The front door. "make help" lists the targets.

GO         ?= go
FUZZTIME   ?= 30s
STATICCHECK = $(GO) tool -modfile=tools/go.mod staticcheck

.PHONY: help setup check test fuzz screenshots

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: ## fetch what the tests need: modules, Java and Node.js, the local AWS servers
	$(GO) mod download
	$(GO) mod download -modfile=tools/go.mod
	sh internal/awslocal/setup.sh

check: ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags screenshots ./sesmail
	$(STATICCHECK) ./...

test: setup check ## everything: set-up, checks, and all tests with race detector and shuffle
	$(GO) run ./internal/awslocal/run $(GO) test -race -shuffle=on -timeout=20m ./...

fuzz: ## run each fuzz target for FUZZTIME (default 30s)
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

screenshots: ## pictures of the mail, to look at; needs chromium, fonts-noto-core and fonts-noto-cjk
	$(GO) test ./sesmail -tags screenshots -run TestScreenshots -args -screenshots $(CURDIR)/build/screenshots
	cp build/screenshots/mail.png docs/images/mail.png
