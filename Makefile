# The two commands a newcomer needs are 'make demo' and 'make test'; 'make help' lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
READY := $(VENV)/.ready
TOOLS ?= $(or $(TMPDIR),/tmp)/secscan-css
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long cover lint types unit golden bench css lock audit clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: $(READY) ## make the environment in .venv

$(READY): pyproject.toml requirements/dev.lock
	@PYTHON="$(PYTHON)" sh tools/setup.sh $(VENV)
	@touch $(READY)

demo: $(READY) ## a sample partnership over twelve months, and this machine, as a report
	@sh tools/demo.sh $(BIN) $(DEMO)

test: $(READY) ## everything that continuous integration asks: lint, types, imports, tests, the wheel; ends with what was skipped, and why
	@sh tools/test.sh $(BIN)

test-long: $(READY) ## what 'make test' tries less of: 500 random rulesets against this kernel (needs root), 1,000 broken files for every reader
	SECSCAN_NETNS_SEEDS=500 SECSCAN_MUTATIONS=1000 $(BIN)/pytest -q tests/exposure/netns tests/sources/test_fuzz.py

cover: $(READY) ## the lines that no test runs; counting them takes half as long again, and 'make test' asks for none
	$(BIN)/pytest -q -n 2 --dist worksteal --cov=secscan --cov-report=term:skip-covered

lint: $(READY) ## ruff and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY) ## mypy --strict
	$(BIN)/mypy

unit: $(READY) ## the tests, without the wheel, the browser and the kernel
	$(BIN)/pytest -q -m "not wheel and not browser and not netns"

golden: $(READY) ## write the golden reports again; read the diff before you commit it
	$(BIN)/pytest -q tests/test_golden.py --update-golden

bench: $(READY) ## performance as ratios, measured side by side
	$(BIN)/python -m tests.benchmarks

css: ## build the stylesheet again (needs npm; only its maintainer does)
	npm install --prefix "$(TOOLS)" govuk-frontend@6.6.0 sass@1.108.2
	node reports/build/build-css.mjs "$(TOOLS)"

lock: $(READY) ## resolve the exact versions again
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 --no-header -q --upgrade -o requirements/dev.lock
	$(BIN)/uv pip compile pyproject.toml --generate-hashes --universal --python-version 3.11 --no-header -q --upgrade -o requirements/run.lock

audit: $(READY) ## known faults in what we depend on (asks the internet)
	$(BIN)/pip install -q pip-audit
	$(BIN)/pip-audit -r requirements/run.lock --require-hashes --disable-pip

clean: ## remove what was made
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .pytest_cache .ruff_cache
