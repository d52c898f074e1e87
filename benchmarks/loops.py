"""Benchmark `loops`: loops, made and closed; a part of `generation` that also runs alone, in about two minutes."""

from __future__ import annotations

from benchmarks._generation_loops import loop_checks
from benchmarks._report import run_benchmark

if __name__ == "__main__":
    run_benchmark("loops", loop_checks)
