# Woodshed: two commands do everything, `make demo` and `make test`. Each sets up .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH_INDEX ?=
DATA ?= ../shared/data
INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX),)
SOUNDS ?=
MINE ?=
MINUTES ?= 3
JOBS ?= 2

.PHONY: help setup demo test test-all bench docs lint format clean

help:  ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || (echo "python3 -m venv does not work here; on Debian: apt-get install python3-venv" && rm -rf $(VENV) && exit 1)
	$(PIP) install -q --upgrade "pip>=25.1"

$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install -q $(INDEX) -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) install -q $(INDEX) -c constraints.txt --group dev
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(PIP) install -q $(INDEX) -c constraints.txt --group bench
	@touch $@

setup: $(VENV)/.bench  ## make .venv with everything for development

demo: $(VENV)/.run  ## from nothing to new sounds and a page; own sounds: make demo SOUNDS=folder MINE=1
	$(BIN)/woodshed demo --out demo --minutes $(MINUTES) $(if $(SOUNDS),--sounds "$(SOUNDS)",) $(if $(MINE),--mine,)
	@echo "To type woodshed by itself in this window: . $(BIN)/activate"

lint: $(VENV)/.dev  ## style, types and the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

test: lint  ## everything that must hold, in under ten minutes
	WOODSHED_DATA="$(DATA)" OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) -m "not slow"

test-all: lint  ## the slow checks too
	WOODSHED_EXPLORE=1 WOODSHED_DATA="$(DATA)" OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

bench: $(VENV)/.bench  ## run every benchmark on DATA and write docs/benchmarks.md
	$(BIN)/python -m benchmarks --data "$(DATA)" --write docs/benchmarks.md

docs: $(VENV)/.dev  ## write the reference pages from the code
	$(BIN)/python -m docs_src.reference

format: $(VENV)/.dev  ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## take away everything that was made, but not .venv
	rm -rf demo .bench-cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
