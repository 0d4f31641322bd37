"""Measures the extension in the real runner (`make bench`); see `docs/benchmarks.md`."""
