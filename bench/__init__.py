"""Benchmarks: each stage of the backbone beside its ceiling, in one run (docs/benchmarks.md)."""
