.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CACHE := .cache
MODEL := $(CACHE)/ask-lsp/models/SmolLM2-135M-Instruct.Q4_1.gguf
TOOLS := $(VENV)/.tools
RUNTIME := $(VENV)/.runtime
WHEELHOUSE := $(CACHE)/wheelhouse/.filled
# The editors that only `make test-editors` drives, by the markers of their tests.
EDITORS := vscode or emacs or vim or kate

.PHONY: help demo test test-editors capture lint format bench clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(RUNTIME) ## Ask a real model about real code, as an editor would
	@test -n "$$OPENAI_API_KEY" || $(MAKE) --no-print-directory $(MODEL)
	@$(BIN)/python -W ignore examples/demo.py

test: $(TOOLS) $(MODEL) $(WHEELHOUSE) ## All tests, but for those of test-editors
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not ($(EDITORS))" $(ARGS)

test-editors: $(TOOLS) ## What real editors can do, into clients/README.md; installs them
	@tests/editors/install.sh
	@timeout 1800 $(BIN)/python -m pytest -n 2 --dist loadgroup -rs --record tests/editors $(ARGS); \
		status=$$?; $(BIN)/python tests/editors/results.py && exit $$status

capture: $(TOOLS) ## What the editors here announce, against tests/protocol/caps
	@$(BIN)/python tests/editors/capture.py $(ARGS)

lint: $(TOOLS) ## Format, lint and type checks
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: $(TOOLS) ## Put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(TOOLS) ## Measure; writes bench/latest.json
	@$(BIN)/python bench/run.py

clean: ## Remove what make has made
	rm -rf $(VENV) $(CACHE) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Each step leaves a file behind, so that it is done once.

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing. Install it: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@command -v git >/dev/null || { echo "git is missing. Install it: apt-get install git"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "venv is missing. Install it: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install -q --disable-pip-version-check -U 'pip>=25.1' || { rm -rf $(VENV); exit 1; }

$(RUNTIME): pyproject.toml | $(BIN)/pip
	@echo "Installing ask-lsp into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[local]'
	@touch $@

$(TOOLS): pyproject.toml $(RUNTIME) | $(BIN)/pip
	@echo "Installing the test tools into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --group dev
	@touch $@

$(MODEL): | $(RUNTIME)
	@ASK_LSP_DATA="$(CURDIR)/$(CACHE)/ask-lsp" $(BIN)/ask-lsp local pull

$(WHEELHOUSE): pyproject.toml $(TOOLS)
	@echo "Filling the wheelhouse for the package test ..."
	@rm -rf $(CACHE)/wheelhouse
	@$(BIN)/python -m pip wheel -q --disable-pip-version-check -w $(CACHE)/wheelhouse .
	@rm -f $(CACHE)/wheelhouse/ask_lsp-*.whl
	@touch $@
