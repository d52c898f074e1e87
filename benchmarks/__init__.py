"""Checks of speed, size and quality against stated targets; run as ``python -m benchmarks.NAME --data DIR --json``."""
