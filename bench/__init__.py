"""Benchmarks: run with ``make bench``, or ``python -m bench NAME``. Figures go into docs/figures.md by hand."""
