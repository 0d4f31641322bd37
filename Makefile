# `make` lists the targets. Each one sets up its own environment.

PYTHON ?=
ENV := .venv
OFFICIAL := .venv-official
PIP_PROJECT := -m pip install -qq --no-input --disable-pip-version-check --no-deps --no-build-isolation -e .

# That run tests side by side: more than two cores need, as many tests mostly wait.
PROCESSES ?= 4

# `make lock` resolves with these.
LOCK_TOOLS := uv==0.13.9 poetry==2.5.1
UPGRADE ?=

MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  PYTHON=/path/to/python3.12 picks the Python; else the first of 3.12, 3.11, 3.10 that works."
	@echo "  PROCESSES=8 runs the tests in eight processes instead of $(PROCESSES)."

.PHONY: demo
demo: $(ENV)/ready ## cancel subscriptions against a local Connect and local vendors, and watch
	@$(ENV)/bin/python -m sandbox demo

.PHONY: sandbox
sandbox: $(ENV)/ready ## serve the local Connect and the local vendors
	@$(ENV)/bin/python -m sandbox serve

.PHONY: test
test: $(ENV)/ready ## check format, lint and types, run the tests
	@echo "ruff format" && $(ENV)/bin/ruff format --quiet --check . \
		|| { echo "Not formatted: run make format"; exit 1; }
	@echo "ruff check" && $(ENV)/bin/ruff check --quiet .
	@echo "mypy" && $(ENV)/bin/mypy --no-error-summary
	@echo "pytest" && $(ENV)/bin/python -m pytest -q -n $(PROCESSES) -m "not undisturbed"
	@echo "pytest, undisturbed" && $(ENV)/bin/python -m pytest -q -m undisturbed

.PHONY: soak
soak: $(ENV)/ready ## random histories and input, and two runners that get killed (half an hour)
	@$(ENV)/bin/python -m tools.random_histories
	@$(ENV)/bin/python -m tools.worst_answers
	@$(ENV)/bin/python -m tools.fuzz
	@$(ENV)/bin/python -m tools.soak_through_the_runner

.PHONY: mutants
mutants: $(ENV)/ready ## make every small change to the rules and marks; see the tests catch it
	@$(ENV)/bin/python -m tools.mutants

.PHONY: figures
figures: $(ENV)/ready ## print the sizes of functions, modules, classes and tests
	@$(ENV)/bin/python -m tools.figures

.PHONY: bench
bench: $(ENV)/ready ## measure speed, calls and memory (about 20 minutes)
	@$(ENV)/bin/python -m benchmarks

.PHONY: official
official: $(OFFICIAL)/ready ## run the official validators as the command line tool does (core 38)
	@$(OFFICIAL)/bin/python -m tools.official

.PHONY: format
format: $(ENV)/ready ## format, and apply the linter's fixes
	@$(ENV)/bin/ruff check --quiet --fix-only .
	@$(ENV)/bin/ruff format --quiet .

.PHONY: lock
lock: ## write the locks from pyproject.toml and requirements-dev.in (UPGRADE=--upgrade: newest)
	@rm -rf .venv-lock
	@python=$$(.ci/find-python $(PYTHON)) && "$$python" -m venv .venv-lock
	@.venv-lock/bin/python -m pip install -qq --disable-pip-version-check $(LOCK_TOOLS)
	@.venv-lock/bin/python -m tools.write_locks $(UPGRADE)
	@rm -rf .venv-lock

.PHONY: clean
clean: ## remove everything that make has made
	@rm -rf .venv .venv-official .venv-lock .mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		dist htmlcov .coverage

# A changed lock remakes the environment; a changed pyproject.toml reinstalls the project in it.
$(ENV)/locked: requirements-dev.lock
	@.ci/make-env $(ENV) $< $(PYTHON)
	@touch $@

$(OFFICIAL)/locked: requirements-official.lock
	@.ci/make-env $(OFFICIAL) $< $(PYTHON)
	@touch $@

%/ready: %/locked pyproject.toml
	@$*/bin/python $(PIP_PROJECT)
	@touch $@

.PRECIOUS: %/locked
