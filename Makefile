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

.PHONY: help
help: ## Print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: run
run: $(VENV)/.runs ## Set up, then transcribe the samples, or RECORDING=path-or-s3-url [TO=folder-or-s3-url]
	@$(BIN)/stenoflow transcribe $(if $(RECORDING),"$(RECORDING)",--samples) --to "$(TO)" $(OPTIONS)

.PHONY: test
test: $(VENV)/.tests ## Set up, then pass the tests; [PYTEST='-k vad']
	@$(BIN)/python -m pytest $(PYTEST)

.PHONY: check
check: $(VENV)/.tests ## Style, types and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright && $(BIN)/lint-imports

.PHONY: bench
bench: $(VENV)/.tests ## Measure everything against its peers; one table, one JSON line each
	@$(BIN)/python -m bench

.PHONY: serve
serve: $(VENV)/.runs ## Server, UI, worker and deployments on this machine; Ctrl-C stops them all
	@$(BIN)/stenoflow serve

.PHONY: deploy
deploy: $(VENV)/.runs ## Register work pool, limits, blocks, deployments and automations at PREFECT_API_URL
	@$(BIN)/stenoflow deploy

.PHONY: standin
standin: $(VENV)/.tests ## A local stand-in for Deepgram, to try the engine without an account
	@$(BIN)/python -m stenoflow.testing.deepgram

.PHONY: doctor
doctor: $(VENV)/.runs ## Say what is installed, what is missing, and the command that mends it
	@$(BIN)/stenoflow doctor

.PHONY: lock
lock: ## Resolve the dependencies anew and write constraints.txt
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install -q -e '.[docling,parquet,faster-whisper,test]'
	@$(VENV)-lock/bin/pip freeze --exclude-editable | sed -E 's/\+cpu$$//' > $(PINS) && rm -rf $(VENV)-lock

.PHONY: clean
clean: ## Remove the virtual environment and all caches
	@rm -rf $(VENV) $(VENV)-lock build *.egg-info .pytest_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Stenoflow needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.12 ...")'
	@echo "Setting up $(VENV) ..." && $(PYTHON) -m venv $(VENV) && touch $@

# What is installed as stenoflow.flows lies in flows/: by these links, editors, type checkers and Python
# find it in a checkout under the name that it is installed by.
LINKS := $(addprefix stenoflow/,flows tasks blocks deployments)
$(LINKS):
	@ln -sfn ../$(notdir $@) $@

$(VENV)/.runs: $(VENV)/.made pyproject.toml $(PINS) | $(LINKS)
	@$(BIN)/pip install -q --disable-pip-version-check -c $(PINS) -e . && touch $@

$(VENV)/.tests: $(VENV)/.made pyproject.toml $(PINS) | $(LINKS)
	@$(BIN)/pip install -q --disable-pip-version-check -c $(PINS) -e '.[test,docling,parquet,faster-whisper]' && touch $@ $(VENV)/.runs
