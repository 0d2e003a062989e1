# Every target sets up what it needs first, by packaging/setup.sh, which takes no time when nothing changed.
VENV := .venv/bin
ARGS ?=

.PHONY: help setup setup-test setup-bench run test check format lint types bench sdist clean

help:
	@echo "make run    set up and serve a desktop        ARGS='--port 5931 --size 1024x768'"
	@echo "make test   set up and run all tests          ARGS='tests/wire -x'"
	@echo "make check  the gate: format, lint, types, and all tests"
	@echo "make bench  the benchmarks                    ARGS='serve-idle'"
	@echo "make sdist  source archive and wheel in dist/"
	@echo "make clean  away with all that was built"

setup:
	@packaging/setup.sh

setup-test:
	@packaging/setup.sh test

setup-bench:
	@packaging/setup.sh test bench

run: setup
	@exec $(VENV)/gspice serve $(ARGS)

test: setup-test
	@exec $(VENV)/python -m pytest $(ARGS)

check: setup-test format lint types test

format: setup
	@$(VENV)/ruff format --check .

lint: setup
	@$(VENV)/ruff check .
	@PATH="$(CURDIR)/$(VENV):$$PATH" cython-lint --max-line-length 120 gspice

types: setup
	@$(VENV)/mypy

bench: setup-bench
	@exec $(VENV)/python -m bench $(ARGS)

# Of what is committed, in isolation: so it is what pyproject.toml says, and nothing of .venv.
sdist: setup
	@$(VENV)/python -m build

clean:
	rm -rf .venv build dist
	find gspice -name '*.so' -delete
