# Mingjing. `make run` for a first look, `make test` for everything that is tested; both need Python 3.11+ only.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && { echo $$p; break; }; done)
ifeq ($(strip $(PYTHON)),)
PYTHON := python3
endif

BIN := .venv/bin
ROOMS := rules streams warehouse expectations dags
ENVIRONMENT := $(PYTHON) requirements/environment.py

.DEFAULT_GOAL := help
.PHONY: help env env-run run test check cel fuzz truth bench faults mutate lock clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r target text; do printf '  make %-8s %s\n' "$$target" "$$text"; done

env:  ## the environment of development, from requirements/all.txt; quiet when nothing changed
	@$(ENVIRONMENT) .venv requirements/all.txt

env-run:
	@$(ENVIRONMENT) --fresh .venv requirements/all.txt || $(ENVIRONMENT) .venv-run requirements/run.txt

run: env-run  ## everything on this machine: Kafka, warehouse, worker, lander, console, a simulated month
	@if $(ENVIRONMENT) --fresh .venv requirements/all.txt; then exec .venv/bin/mingjing run $(ARGS); \
	else exec .venv-run/bin/mingjing run $(ARGS); fi

# more than two cores can do at once: what waits for a server leaves them to the others
TOGETHER = -n 3 --no-loadscope-reorder

test: env  ## every test, with a real broker and a real warehouse (TESTS=path chooses some)
	@MINGJING_HISTORIES=$${MINGJING_HISTORIES:-3000} $(BIN)/python -m pytest $(TOGETHER) $(TESTS)

check: env  ## format, lint, types, the import contract, rule lint, rule tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mingjing rules lint
	$(BIN)/mingjing rules test

cel: env  ## the conformance tests of CEL: what passes, file by file; ARGS=--page rewrites docs/cel.md
	@$(BIN)/python -m tests.rules.cel.conformance $(ARGS)

fuzz: env  ## ten minutes of broken rules, expressions and events (ARGS="--minutes 1"): nothing may raise
	@$(BIN)/python -W ignore -m tests.rules.fuzzing $(ARGS)

truth: env  ## 50,000 histories through the core, in one process and over partitions, against a second judge (ARGS=1000)
	@$(BIN)/python -m tests.oracle.nightly $(ARGS)

bench: env  ## figures, as ratios to a baseline of the same run; written to bench/results
	@$(BIN)/python bench/run.py $(ARGS)

faults: env  ## kill -9 of workers and of the broker in the middle of a run, five seeds
	@$(BIN)/python bench/faults.py $(ARGS)

UV = $(if $(wildcard $(BIN)/uv),$(BIN)/uv,uv)
COMPILE = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --override requirements/overrides.txt $(UPGRADE)
SAME = --constraint requirements/all.txt

mutate: env  ## breaks the core in places on purpose: the tests must notice each
	@$(BIN)/python -m bench.mutate $(ARGS)

lock:  ## rebuilds every lock; UPGRADE=--upgrade takes the newest versions
	$(COMPILE) --all-extras -o requirements/all.txt
	$(COMPILE) $(SAME) --extra run -o requirements/run.txt
	$(COMPILE) $(SAME) --extra streams -o requirements/streams.txt
	$(COMPILE) $(SAME) --extra streams --extra nightly --extra postgres -o requirements/airflow.txt
	$(MAKE) env
	$(BIN)/mingjing local lock

clean:  ## removes the environments and what the tools have cached; keeps state and jars
	rm -rf .venv .venv-run .mypy_cache .ruff_cache .pytest_cache .hypothesis
