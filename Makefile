# `make up` and `make test` are all a fresh machine needs: each sets up what it lacks, with Python 3.11+ and git alone.
PYTHON ?= python3
DATA ?= ../shared/data
BIN := .venv/bin
# One worker per core, two at least; `make test WORKERS=0` runs in this process.
WORKERS ?= auto
SEEDS ?= 1000
SECONDS_EACH ?= 60
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Programs that tests and benchmarks start again and again are compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: ui ui-check screenshots up setup test check format bench vectors hardship fuzz properties nightly clean

up: setup ## Start Argosy on its embedded API server with a demonstration delivery
	$(BIN)/argosy demo

setup: .venv/.ready ## The virtual environment, with the program at .venv/bin/argosy

.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@git --version >/dev/null
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

test: setup ## The whole test suite, in parallel
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

check: setup ## Lint, format, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: setup ## Print the figures beside their targets
	$(BIN)/python -m bench

vectors: setup ## Every vector family under DATA: make vectors DATA=../shared/data
	$(BIN)/python -m tests.vectors $(DATA)

hardship: setup ## Each room's stories under faults: make hardship ROOM=gitops STORY=hooks SEED=17, or all with SEEDS=1000
	$(BIN)/python -m tests.hardship --room "$(ROOM)" --story "$(STORY)" --seed "$(SEED)" --seeds $(SEEDS)

fuzz: setup ## What is read from strangers, a minute each: make fuzz TARGET=yaml SECONDS_EACH=600
	$(BIN)/python -m tests.fuzz --target "$(TARGET)" --seconds $(SECONDS_EACH)

properties: setup ## Look for new examples that break a property
	HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -q $$(git grep -l "from hypothesis" -- tests ':!tests/conftest.py')

nightly: fuzz properties hardship ## What takes too long for every change

clean: ## Remove what `make` made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

ui: setup ui/node_modules ## Build the web page into the package; needs Node 20
	$(BIN)/python scripts/openapi.py > ui/openapi.json
	$(BIN)/python scripts/page_licenses.py
	cd ui && npm run --silent types && npm run --silent check && npm test --silent
	rm -rf src/argosy/page/assets
	cd ui && npm run --silent build && node packed.mjs ../src/argosy/page/assets

ui-check: setup ui/node_modules ## The page's types and tests, and whether what is built is of today
	cd ui && npm run --silent check && npm test --silent
	cd ui && npx --no-install vite build --outDir .built --emptyOutDir --logLevel warn
	cd ui && node packed.mjs ../src/argosy/page/assets --check && node budgets.mjs ../src/argosy/page
	diff -r --exclude=__init__.py --exclude=__pycache__ --exclude='*.br' --exclude='*.gz' ui/.built src/argosy/page || (echo "the page is not of today: make ui"; exit 1)

screenshots: setup ## Pictures of every page, in .screenshots and docs; needs Chromium
	$(BIN)/python -m scripts.screenshots

ui/node_modules: ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund --silent
	@touch $@
