# Every target sets up what it needs first; see packaging/setup.sh.
VENV := .venv/bin
ARGS ?=

.PHONY: help setup setup-test run test check format lint types bench sdist clean

help:
	@echo "make run    set up and start the desktop server (ARGS='--port 5930 --size 1280x800')"
	@echo "make test   set up and run all tests, real clients included"
	@echo "make check  the gate: format, lint, types, import law, tests"
	@echo "make bench  the benchmarks (minutes)"

setup:
	@packaging/setup.sh

setup-test:
	@packaging/setup.sh test

run: setup
	@$(VENV)/gspice serve $(ARGS)

test: setup-test
	@$(VENV)/python -m pytest $(ARGS)

check: setup-test format lint types test

format:
	@$(VENV)/ruff format --check .

lint:
	@$(VENV)/ruff check .
	@$(VENV)/cython-lint --max-line-length 110 gspice

types:
	@$(VENV)/mypy

bench: setup-test
	@packaging/setup.sh test bench
	@$(VENV)/python -m bench $(ARGS)

sdist: setup
	@$(VENV)/python -m build --no-isolation

clean:
	rm -rf .venv build dist
