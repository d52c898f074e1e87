"""Benchmark `loops`: made loops and recordings made into loops; a part of `generation` that also runs alone."""

from __future__ import annotations

from benchmarks._generation_loops import loop_checks
from benchmarks._report import run_benchmark

if __name__ == "__main__":
    run_benchmark("loops", loop_checks)
