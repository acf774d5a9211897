# Everything runs in .venv, which the targets make themselves. `make help` lists them.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
DIST ?= dist
FUZZ_SECONDS ?= 60
SOAK_NETS ?= 10000

BIN := .venv/bin
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal
HAS_CUDA := import sys, torch; sys.exit(not torch.cuda.is_available())
PIP_INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check quick format lint types bench fuzz soak gpu docs wheel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/demo.stamp ## a tour of the commands, in under a minute
	@PATH="$(CURDIR)/$(BIN):$$PATH" docs/demo.sh

test: .venv/dev.stamp ## run all tests
	$(PYTEST)

check: lint types quick ## what to run before a commit: lint, types, quick tests

quick: .venv/dev.stamp ## run the tests that are not marked slow
	$(PYTEST) -m "not slow"

format: .venv/dev.stamp ## rewrite the sources in the house format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lint: .venv/dev.stamp ## check format and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/dev.stamp ## check types, strictly
	@rm -rf .typeroot && mkdir -p .typeroot/connc
	@cd .typeroot/connc && ln -s ../../connc/* ../../dsl ../../compiler ../../backends ../../stdlib .
	$(BIN)/mypy

bench: .venv/dev.stamp ## run the benchmarks
	$(BIN)/python -m bench

fuzz: .venv/fuzz.stamp ## feed the front end mutated input for FUZZ_SECONDS (60)
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python -m tests.fuzz

soak: .venv/dev.stamp ## hold the modules of SOAK_NETS (10000) generated nets against the reference
	SOAK_NETS=$(SOAK_NETS) $(BIN)/python -m tests.soak

gpu: ## run tests and benchmarks on CUDA with the first Python that has it; installs nothing
	@python=$$(for each in "$(PYTHON)" python3 $(BIN)/python; do $$each -c "$(HAS_CUDA)" 2>/dev/null && echo $$each && break; done); \
	if [ -z "$$python" ]; then echo "no CUDA device here: nothing was run"; exit 0; fi; \
	set -x; $$python -m pytest -m gpu tests/test_gpu.py && $$python -m bench.torch --device cuda

docs: .venv/dev.stamp ## write docs/errors.md from the catalogue of diagnostics
	$(BIN)/python docs/errors.py

wheel: .venv/dev.stamp ## build sdist and wheel into DIST (dist)
	$(BIN)/python -m build --no-isolation --outdir "$(DIST)" .

clean: ## remove the environment, builds and caches
	rm -rf .venv .typeroot build dist htmlcov .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/demo.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) -e .
	@touch $@

.venv/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) -e '.[dev]'
	@touch $@ .venv/demo.stamp

.venv/fuzz.stamp: .venv/dev.stamp
	$(PIP_INSTALL) -e '.[dev,fuzz]'
	@touch $@
