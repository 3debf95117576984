# `make up` and `make test` are all a fresh machine needs: each sets up what it lacks.
PYTHON ?= python3
DATA ?= ../shared/data
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: up setup test check format bench vectors clean

up: setup ## Start Argosy on its embedded API server with a demonstration delivery
	$(BIN)/argosy demo

setup: .venv/.ready

.venv/.ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

test: setup ## The whole test suite, in parallel
	$(BIN)/pytest -n auto --dist loadgroup

check: setup ## Lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: setup ## Print the figures
	$(BIN)/python -m bench

vectors: setup ## Every vector family under DATA: make vectors DATA=../shared/data
	$(BIN)/python -m tests.vectors $(DATA)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
