# What contributors and CI run. `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
VERSIONS = 3.11 3.12 3.13

.PHONY: help setup demo test test-all servers check format lock bench torture soak

help:
	@echo "setup demo test test-all servers check format lock bench torture soak"

$(BIN)/trail: pyproject.toml requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -r requirements-dev.lock
	$(BIN)/pip install -q --no-deps -e .
	@touch $@

setup: $(BIN)/trail

demo: setup  ## the whole job on an embedded mail server
	$(BIN)/trail demo

test: setup  ## the tests; a missing Dovecot, Chromium or Firefox skips its own
	$(BIN)/python -m pytest -n auto --dist worksteal

test-all:  ## the tests on every Python that is installed, each in a virtual environment of its own
	@for version in $(VERSIONS); do \
		if python$$version -c "" 2>/dev/null; then \
			echo "== Python $$version"; \
			$(MAKE) --no-print-directory test PYTHON=python$$version VENV=.venv-$$version || exit 1; \
		else echo "== Python $$version is not installed: skipped"; fi; \
	done

servers:  ## Cyrus and Courier for the tests, unpacked beside the system (Debian)
	sh tests/servers/unpack.sh

check: setup  ## what CI checks beside the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## write the lock files anew from pyproject.toml (needs uv)
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.lock
	uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements-dev.lock

bench: setup  ## measured against peers on the same work in one run; prints ratios
	$(BIN)/python benchmarks/run.py

SECONDS_OF_TORTURE ?= 300
torture: setup  ## minutes of every fault there is; prints how to play a failing one again
	$(BIN)/python tests/torture/run.py --seconds $(SECONDS_OF_TORTURE)
	$(BIN)/python tests/torture/index_kills.py --times 1000
	$(BIN)/python tests/torture/index_rush.py --seconds 600
	$(BIN)/python tests/torture/leaks.py --seeds 20
	$(BIN)/python tests/torture/documents.py --seconds $(SECONDS_OF_TORTURE)

MINUTES ?= 60
soak: setup  ## the daemon with ten accounts for an hour: memory and file handles must stay flat
	$(BIN)/python tests/torture/run.py soak --minutes $(MINUTES)
