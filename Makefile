# A fresh Debian 12 with git, make and root is enough: every target first brings what is missing.

SHELL := /bin/bash
# The Node that build/setup.sh brings when the machine has none, or one that is too old.
export PATH := $(CURDIR)/.node/bin:$(CURDIR)/node_modules/.bin:$(PATH)

SOURCES := $(shell find src build templates -type f \( -name '*.ts' -o -name '*.mjs' -o -name '*.hbs' \)) package-lock.json tsconfig.json

.DEFAULT_GOAL := build
# A build begins when the setup is done.
.NOTPARALLEL:
.PHONY: help setup build test demo bench deb clean

help: ## Say what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | sort | expand -t 10

setup: ## Install what is missing: Debian packages, Node, npm packages, the system user
	@build/setup.sh

build: setup ## Check the types and bundle the executable dist/clawgress
	@tsc --noEmit
	@tsc --noEmit -p src/daemon/dashboard/page
	@$(MAKE) --no-print-directory dist/clawgress.mjs

dist/clawgress.mjs: $(SOURCES)
	@node build/bundle.mjs

test: setup build ## Lint, then run every test; the last line is "N passed, N failed"
	@build/need-root.sh 'make test'
	@build/setup.sh --test
	@node build/test.mjs

demo: setup dist/clawgress.mjs ## Show what gets out and what does not; KEEP=1 leaves the lab up
	@build/need-root.sh 'make demo'
	@dist/clawgress lab demo $(if $(KEEP),--keep)

bench: setup dist/clawgress.mjs ## Print the budget table of this machine
	@build/need-root.sh 'make bench'
	@build/setup.sh --bench
	@node --import tsx bench/main.ts

deb: setup ## Build the Debian packages dist/clawgress_<version>_<architecture>.deb; ARCH=amd64 for one of them
	@for architecture in $(or $(ARCH),amd64 arm64); do \
	  node --import tsx build/deb/build-deb.ts --architecture $$architecture || exit 1; \
	done

clean: ## Remove what was built; installed packages stay
	@rm -rf dist coverage
