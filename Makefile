# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-unit test-root test-v2 lint types imports format manual man bench walk walk-record clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | \
		awk 'BEGIN {FS = ":.*## "} {printf "  make %-13s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml tools/make-venv
	tools/make-venv "$(PYTHON)" "$(VENV)"

setup: $(STAMP) ## Create the virtual environment with Boxship and its development tools

demo: $(STAMP) ## Capture an image from this host's programs and run an isolated container from it
	tools/demo "$(VENV)"

test: $(STAMP) ## Install what the tests need (as root, by apt) and run all of them
	tools/install-packages test
	tools/run-tests "$(VENV)" lint types imports unit house contract kernel api e2e fault

test-unit: $(STAMP) ## Run the tests that need neither root nor other programs
	tools/run-tests "$(VENV)" unit

test-root: $(STAMP) ## Run the tests that need root
	tools/run-tests "$(VENV)" contract kernel api e2e fault

test-v2: $(STAMP) ## Run the tests on a machine with cgroup v2 alone (qemu, Debian's cloud kernel)
	tools/install-packages v2
	PYTHONPATH=tests $(BIN)/python -m qemu

lint: $(STAMP) ## Check style and formatting rules
	$(BIN)/ruff check .

types: $(STAMP) ## Check types
	$(BIN)/mypy

imports: $(STAMP) ## Check that packages import downward only
	$(BIN)/lint-imports --no-cache

format: $(STAMP) ## Reformat the code
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

manual: $(STAMP) ## Write docs/manual from the table of commands
	$(BIN)/python -m boxship.cli.manual docs/manual

man: $(STAMP) ## Write man pages to build/man/man1 (man -l FILE, or install them below share/man)
	$(BIN)/python -m boxship.cli.manual --man build/man/man1

bench: $(STAMP) ## Measure Boxship and dockerd (where installed) in turn and print the ratios
	tools/install-packages bench
	$(BIN)/python -m benchmarks

walk: $(STAMP) ## Compare Boxship with dockerd's recorded answers, line by line
	PYTHONPATH=tests $(BIN)/python -m e2e.walk compare
	PYTHONPATH=tests $(BIN)/python -m e2e.walk client --commands

walk-record: $(STAMP) ## Record dockerd's answers anew (needs dockerd)
	PYTHONPATH=tests $(BIN)/python -m e2e.walk record
	PYTHONPATH=tests $(BIN)/python -m e2e.walk record --commands

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
