# `make` lists the targets. Each one sets up its own environment.

PYTHON ?=
VENV := .venv
OFFICIAL := .venv-official
DOCS := .venv-docs
WHEEL := .venv-wheel
PIP_INSTALL := -m pip install -qq --no-input --disable-pip-version-check
PIP_PROJECT := $(PIP_INSTALL) --no-deps --no-build-isolation -e .

# Parallel test processes: more than two cores need, since many tests mostly wait.
PROCESSES ?= 6

# Only these tests, for `make test` and `make test-all`: a folder, a file.
TESTS ?=

# Where `make test-all` finds its Pythons.
PYTHONS ?= python3.10 python3.11 python3.12

PYTEST = $(VENV)/bin/python -m pytest -q
# Not every folder has tests of both kinds, and pytest exits with 5 if it finds none.
NONE_IS_FINE = $(if $(TESTS),|| test $$? = 5)

# `make lock` resolves with these.
LOCK_TOOLS := uv==0.13.9 poetry==2.5.1
UPGRADE ?=

# Only from the command line: shells have a variable of this name, too.
OWN_VENDOR := $(if $(filter command,$(origin ENV)),--env "$(ENV)")

# Where it is set, as in many images, each process would compile the project and the tests anew.
unexport PYTHONDONTWRITEBYTECODE

MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  PYTHON=/path/to/python3.12 chooses the Python; the default is the first of 3.12, 3.11, 3.10 that works."
	@echo "  PROCESSES=8 runs the tests in eight processes instead of $(PROCESSES)."

# The next two end with their parent; so make must be the parent, not a shell.
.PHONY: demo
demo: $(VENV)/ready ## cancel subscriptions against a local Connect and local vendors, and watch
	@exec $(VENV)/bin/python -m sandbox demo

.PHONY: sandbox
sandbox: $(VENV)/ready ## serve the local Connect and vendors, with a page (OPEN=1; ENV=FILE: your own vendor)
	@exec $(VENV)/bin/python -m sandbox serve $(OWN_VENDOR) $(if $(OPEN),--open)

# It may ask a question, and its exit status matters.
.PHONY: check
check: $(VENV)/ready ## try your variables (ENV=FILE) on a subscription (ID=...; CANCEL=1 cancels it)
	@test -n '$(OWN_VENDOR)' || { echo "make check ENV=FILE ID=... [SUGGEST=1] [CANCEL=1]"; exit 2; }
	@exec $(VENV)/bin/python -m connect_ext.check $(OWN_VENDOR) $(if $(ID),'$(ID)') \
		$(if $(SUGGEST),--suggest) $(if $(CANCEL),--cancel)

.PHONY: diagnostics
diagnostics: $(VENV)/ready ## write a file for a ticket (ENV=FILE, ID=...), without values, keys or names
	@test -n '$(OWN_VENDOR)' || { echo "make diagnostics ENV=FILE [ID=...]"; exit 2; }
	@exec $(VENV)/bin/python -m connect_ext.diagnostics $(OWN_VENDOR) $(if $(ID),'$(ID)')

# For monitoring, run the commands themselves: make does not pass on their exit statuses.
.PHONY: reconcile
reconcile: $(VENV)/ready ## compare Connect with the vendor, and fix what can be fixed (ENV=FILE)
	@test -n '$(OWN_VENDOR)' || { echo "make reconcile ENV=FILE"; exit 2; }
	@exec $(VENV)/bin/python -m connect_ext.reconcile $(OWN_VENDOR)

.PHONY: waiting
waiting: $(VENV)/ready ## list waiting requests, with the variables in ENV=FILE (PRODUCT=PRD-...; JSON=1)
	@test -n '$(OWN_VENDOR)' || { echo "make waiting ENV=FILE [PRODUCT=...] [JSON=1]"; exit 2; }
	@exec $(VENV)/bin/python -m connect_ext.waiting $(OWN_VENDOR) \
		$(foreach each,$(PRODUCT),--product '$(each)') $(if $(JSON),--json)

.PHONY: test
test: $(VENV)/ready ## check format, lint and types, run the tests
	@echo "ruff format" && $(VENV)/bin/ruff format --quiet --check . \
		|| { echo "Not formatted: run make format"; exit 1; }
	@echo "ruff check" && $(VENV)/bin/ruff check --quiet .
	@echo "mypy" && $(VENV)/bin/mypy --no-error-summary
	@echo "pytest" && $(PYTEST) -n $(PROCESSES) -m "not undisturbed" $(TESTS) $(NONE_IS_FINE)
	@echo "pytest, undisturbed" && $(PYTEST) -m undisturbed $(TESTS) $(NONE_IS_FINE)
	@.ci/find-chromium >/dev/null || echo "The browser tests were skipped (tests/browser)."

# Each Python is tried before the first test runs.
.PHONY: test-all
test-all: ## the same under Python 3.10, 3.11 and 3.12 (PYTHONS="...": where they are)
	@for python in $(PYTHONS); do .ci/find-python "$$python" > /dev/null || exit; done
	@for python in $(PYTHONS); do \
		version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "=== Python $$version"; \
		$(MAKE) test VENV=".venv-$$version" PYTHON="$$python" || exit; \
	done

.PHONY: soak
soak: $(VENV)/ready ## play random histories and input, and kill two runners (half an hour)
	@$(VENV)/bin/python -m tools.random_histories
	@$(VENV)/bin/python -m tools.worst_answers
	@$(VENV)/bin/python -m tools.fuzz
	@$(VENV)/bin/python -m tools.soak_through_the_runner

.PHONY: mutants
mutants: $(VENV)/ready ## change the rules and marks in every small way, to see that tests catch it
	@$(VENV)/bin/python -m tools.mutants

.PHONY: figures
figures: $(VENV)/ready ## print the sizes of functions, modules, classes and tests
	@$(VENV)/bin/python -m tools.figures

.PHONY: transcript
transcript: $(VENV)/ready ## update the command output in docs/setting-up-a-vendor.md
	@$(VENV)/bin/python -m tools.transcript

.PHONY: variables
variables: $(VENV)/ready ## write the facts of docs/variables.md from the declarations
	@$(VENV)/bin/python -m tools.variable_page

.PHONY: docs
docs: $(DOCS)/locked ## build the documentation as a site, in site/ (any broken link fails)
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

# The demo has its own environment, made before its terminal is recorded.
.PHONY: recording
recording: $(VENV)/ready $(DOCS)/locked ## play the demo, and draw docs/pictures/demo.gif of it
	@$(DOCS)/bin/python -m tools.recording

.PHONY: screenshots
screenshots: $(VENV)/ready ## play the sandbox's page in a browser, and write the pictures of docs/portal.md
	@$(VENV)/bin/python -m tools.screenshots

.PHONY: bench
bench: $(VENV)/ready $(DOCS)/locked ## measure speed, calls and memory (about 20 minutes)
	@$(VENV)/bin/python -m benchmarks; measured=$$?; $(MAKE) charts; exit $$measured

.PHONY: charts
charts: $(DOCS)/locked ## write docs/benchmarks.md and its charts from docs/benchmarks.json
	@$(DOCS)/bin/python -m benchmarks.page

.PHONY: official
official: $(OFFICIAL)/ready ## run the official validators as the command line tool does (core 38)
	@$(OFFICIAL)/bin/python -m tools.official

.PHONY: release-files
release-files: $(VENV)/ready ## write version and address from pyproject.toml into the other files
	@$(VENV)/bin/python -m tools.release.files

.PHONY: release-check
release-check: $(VENV)/ready ## may this commit be released as TAG=v1.2.3?
	@$(VENV)/bin/python -m tools.release.check $(TAG)

.PHONY: dist
dist: $(VENV)/ready $(WHEEL)/locked ## build wheel and source distribution with their hashes, try the wheel
	@$(VENV)/bin/python -m tools.release.building
	@$(WHEEL)/bin/python $(PIP_INSTALL) --no-deps --force-reinstall dist/*.whl
	@$(WHEEL)/bin/python -m pip check
	@$(WHEEL)/bin/python -I tools/release/installed.py

.PHONY: format
format: $(VENV)/ready ## format, and apply the linter's fixes
	@$(VENV)/bin/ruff check --quiet --fix-only .
	@$(VENV)/bin/ruff format --quiet .

.PHONY: lock
lock: ## write the locks from pyproject.toml and requirements-*.in (UPGRADE=--upgrade: newest)
	@rm -rf .venv-lock
	@python=$$(.ci/find-python $(PYTHON)) && "$$python" -m venv .venv-lock
	@.venv-lock/bin/python -m pip install -qq --disable-pip-version-check $(LOCK_TOOLS)
	@.venv-lock/bin/python -m tools.write_locks $(UPGRADE)
	@rm -rf .venv-lock

.PHONY: clean
clean: ## remove everything that make created
	@rm -rf .venv .venv-* .mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		dist site htmlcov .coverage
	@find . -name __pycache__ -prune -exec rm -rf {} +

# A changed lock rebuilds the environment; a changed pyproject.toml reinstalls the project in it.
$(VENV)/locked: requirements-dev.lock
	@.ci/make-env $(VENV) $< $(PYTHON)
	@touch $@

$(OFFICIAL)/locked: requirements-official.lock
	@.ci/make-env $(OFFICIAL) $< $(PYTHON)
	@touch $@

$(DOCS)/locked: requirements-docs.lock
	@.ci/make-env $(DOCS) $< $(PYTHON)
	@touch $@

$(WHEEL)/locked: requirements-dev.lock
	@.ci/make-env $(WHEEL) $< $(PYTHON)
	@touch $@

%/ready: %/locked pyproject.toml
	@$*/bin/python $(PIP_PROJECT)
	@touch $@

.PRECIOUS: %/locked
