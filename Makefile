# Everything that a checkout can do, in two commands: `make play` and `make test`. `make help` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FIND_PYTHON := for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done
PYTHON ?= $(shell $(FIND_PYTHON))
# What the gateway would do at its first start, which would then take some seconds.
COMPILE := $(BIN)/python -c 'from turn.datapath.event_loop import new_event_loop; new_event_loop().close()'
BENCHMARKS := latency density start recovery snapshots relay load
PYTEST := $(BIN)/python -m pytest -q
QUICK := not slow and not containers and not cluster
# How many processes run the tests that don't need the machine for themselves.
PROCESSES := 2
# Folders without I/O, each covered by its own tests.
SANS_IO := coordinator/rooms coordinator/views coordinator/fleet coordinator/limits turn/wire turn/relay worker/formats

.PHONY: play setup test test-beside test-alone test-slow test-containers test-cluster lint javascript coverage findings
.PHONY: lock bench clean help needs
.DEFAULT_GOAL := help

play: $(VENV)/.installed  ## play on this machine (PORT=8100 for another port)
	@exec $(BIN)/coinop play $(if $(PORT),--port $(PORT))

setup: $(VENV)/.installed-dev  ## make the .venv that tests and benchmarks need
	@:

test: needs setup  ## everything that has to hold: lint, JavaScript, Python, browser
	@$(MAKE) --no-print-directory --jobs=3 test-beside lint javascript
	@$(MAKE) --no-print-directory test-alone

test-beside: setup
	@$(PYTEST) --numprocesses $(PROCESSES) --dist loadgroup -m "$(QUICK) and not alone"

test-alone: setup
	@$(PYTEST) -m "$(QUICK) and alone"

test-slow: needs setup  ## the tests that take long and rarely find anything
	@$(PYTEST) -m slow

test-containers: needs setup  ## build the images and run compose.yaml: needs docker or podman, and debian:bookworm-slim
	@$(PYTEST) -m containers tests/containers

test-cluster: setup  ## install in a Kubernetes cluster of one node, by KUBECONFIG, and play there
	@$(PYTEST) -m cluster tests/e2e/test_cluster.py

lock: setup  ## renew the images' lock files (UPGRADE=--upgrade for the newest of everything)
	@UV=$(BIN)/uv PYTHON=$(BIN)/python sh containers/lock.sh

lint: needs setup node_modules/.installed  ## style, types and the borders between the folders
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "the format is not ruff's: run $(BIN)/ruff format"; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports > $(VENV)/borders.log || { cat $(VENV)/borders.log; exit 1; }
	@node_modules/.bin/eslint . && node_modules/.bin/tsc

javascript: setup  ## the page's modules, without a browser
	@node --test $$(find tests/web -name '*.test.*js') > $(VENV)/node.log || { cat $(VENV)/node.log; exit 1; }

coverage: setup  ## how many lines of each folder without I/O its own tests reach (SANS_IO="turn/wire" for one)
	@for folder in $(SANS_IO); do \
		$(BIN)/python -m coverage run --data-file=$(VENV)/coverage --source=$$folder -m pytest -q tests/$$folder && \
		$(BIN)/python -m coverage report --data-file=$(VENV)/coverage --show-missing --skip-covered || exit 1; \
	done

findings: setup  ## what real libraries do that surprises: see findings/README.md
	@sh findings/run

bench: needs setup  ## every benchmark in turn, one JSON object each
	@for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name --json || exit 1; done

clean:  ## remove what the other targets made
	rm -rf $(VENV) node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

needs:
	@sh .ci/needs

# An editable installation: only pyproject.toml can make it stale.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing coinop and its default cores into $(VENV) ..."
	@$(PIP) install --editable '.[all]'
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing coinop, its default cores and the development tools into $(VENV) ..."
	@$(PIP) install --editable '.[all,dev]'
	@$(COMPILE)
	@touch $@ $(VENV)/.installed

# The linter and the type checker of the page's scripts: for development only, the page itself has no build step.
node_modules/.installed: package.json package-lock.json
	@npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "coinop needs Python 3.11 or newer: install it," \
		"or say where it is with PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) can't make virtual environments:" \
		"on Debian and Ubuntu, run apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
