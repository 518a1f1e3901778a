# make app    install what the app needs, start it on localhost and print the address
# make test   unit, app and browser tests
# make fuzz   generated attacks, FUZZ of each kind; make kills: 200 times kill -9 in the middle of a job
# make lint   style, types, layering, and whether what is imported is declared
# make bench  measure the quick set and write docs/benchmarks.md
# make venv   only the shared step: .venv with the pinned packages

PYTHON ?= python3
PORT ?= 8501
FUZZ ?= 9000
PYTEST_ARGS ?= -n auto --dist loadfile

BIN := .venv/bin

# torch and what comes with it take half a minute to compile: once is enough
unexport PYTHONDONTWRITEBYTECODE

# uv installs in a third of pip's time; where it cannot be had, or cannot reach what pip can, pip does the same work.
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check uv \
	&& $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) \
	|| $(BIN)/python -m pip install --disable-pip-version-check $(1)

.PHONY: app test fuzz kills lint style types layers declared bench venv dev browser clean
.DEFAULT_GOAL := app

app: .venv/.installed
	$(BIN)/depara app --port $(PORT)

test: dev browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

fuzz: dev
	FUZZ=$(FUZZ) OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/fuzz -q -n 0

kills: dev
	$(BIN)/python benchmarks/kill_resume.py --times 200

lint: style types layers declared

style: dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

layers: dev
	$(BIN)/lint-imports

declared: dev
	$(BIN)/deptry .

bench: .venv/.installed
	$(BIN)/python benchmarks/all.py

venv: .venv/.installed

dev: .venv/.installed-dev

browser: .venv/.installed-dev
	.ci/browser

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing the app's packages into .venv (about a minute)"
	$(call install,-r requirements.txt -e .)
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(call install,-r requirements-dev.txt)
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
