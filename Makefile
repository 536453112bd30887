# temperance: `make` alone explains itself. Needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV   ?= .venv
# auto: a CPU-only torch where this machine's pip offers one and no NVIDIA driver is seen, else the default wheel; or cpu, or default
TORCH  ?= auto
BIN    := $(VENV)/bin
# a module is compiled when it is first imported; compiling all 18,000 would take half of the time of setting up
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-color --require-hashes --no-deps --no-compile
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint fix types layers slow bench docs lock clean

help: ## Explain the targets (this text)
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv and install the pinned, hash-checked dependencies

$(READY): pyproject.toml locks/lock.txt locks/torch.txt locks/torch-cpu.txt locks/cuda.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "temperance needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@echo "installing torch ($(TORCH); README: What is downloaded)"
	@if [ $(TORCH) = cpu ] || { [ $(TORCH) = auto ] && ! command -v nvidia-smi >/dev/null; } && $(PIP) -r locks/torch-cpu.txt 2>/dev/null; then \
	  echo "  a CPU-only build"; \
	elif [ $(TORCH) = cpu ]; then \
	  echo "no CPU-only torch 2.13.0 that matches locks/torch-cpu.txt is offered by this machine's pip; see README: What is downloaded"; exit 1; \
	else \
	  $(PIP) -r locks/torch.txt; \
	  if $(BIN)/python -c 'import importlib.metadata as m, sys; sys.exit(not any("cuda" in r for r in m.requires("torch") or ()))'; then \
	    echo "  the default build: its CUDA libraries (about 3 GB) follow"; $(PIP) -r locks/cuda.txt; fi; \
	fi
	@echo "installing the other dependencies"
	@$(PIP) -r locks/lock.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## The main job: tune smollm2 on the starter data, check every stage, gate it, open the report's path
	$(BIN)/temperance run examples/demo.yaml

test: setup ## Run the fast tests
	$(BIN)/pytest -n 2

check: lint types layers test ## Everything that must hold before a commit

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

fix: setup ## Let ruff format and mend what it safely can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: setup
	$(BIN)/pyrefly check

layers: setup
	$(BIN)/lint-imports

slow: setup ## The tests that train the real smollm2 (tens of minutes)
	$(BIN)/pytest -m slow

bench: setup ## Measure every figure that the README states; writes benchmarks/results/*.jsonl
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

docs: setup ## Regenerate docs/checks/*.md and docs/recipe.md from docstrings and types
	$(BIN)/python -m temperance.report.pages docs/checks
	$(BIN)/python -m temperance.report.reference docs/recipe.md

lock: ## Recompile the locks (needs uv)
	$(PYTHON) locks/compile.py

clean: ## Remove the virtual environment and every run (never the model cache)
	rm -rf $(VENV) runs .pytest_cache .ruff_cache build dist
