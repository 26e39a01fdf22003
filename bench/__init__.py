"""Benchmarks: every figure is a ratio against a floor measured in the same run (BENCH.md); `python -m bench --help`."""
