"""What every benchmark shares: the check, the facts of the machine, the command line and the exit code.

A benchmark is one function ``(data: Path, full: bool) -> list[Check]`` and one line at the end of its file::

    if __name__ == "__main__":
        run_benchmark("describe", checks)

With ``--json`` the report stands alone on stdout (whatever the function or its children print goes to stderr); the
table for people is always on stderr. The exit code is 0 if every check holds, 1 if one does not, 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

Value = float | int | str | None
LIBRARIES = ("numpy", "scipy", "soundfile", "soxr", "torch", "librosa")


@dataclass(frozen=True)
class Check:
    """One measured figure beside its target.

    Parameters
    ----------
    name
        What was measured, with its unit, e.g. ``"describe: sounds per second and core"``.
    value
        The figure. A value that is not finite is reported as null.
    target
        The target in words, e.g. ``">= 3"``.
    holds
        Whether the target is met.
    """

    name: str
    value: Value
    target: str
    holds: bool

    def as_json(self) -> dict[str, Value | bool]:
        """The check as plain values."""
        return {"name": self.name, "value": _plain(self.value), "target": self.target, "holds": bool(self.holds)}


@dataclass(frozen=True)
class Table:
    """Figures that stand beside the checks, as text; every row as long as ``columns``."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def as_json(self) -> dict[str, object]:
        """The table as plain values."""
        return {"caption": self.caption, "columns": list(self.columns), "rows": [list(row) for row in self.rows]}


@dataclass(frozen=True)
class Findings:
    """What a benchmark found: checks, and tables beside them."""

    checks: Sequence[Check]
    tables: Sequence[Table] = ()


def at_least(name: str, value: float, target: float, *, unit: str = "") -> Check:
    """A check that holds if the value is not below the target (NaN never holds)."""
    return Check(name, value, f">= {target:g}{' ' + unit if unit else ''}", bool(value >= target))


def at_most(name: str, value: float, target: float, *, unit: str = "") -> Check:
    """A check that holds if the value is not above the target (NaN never holds)."""
    return Check(name, value, f"<= {target:g}{' ' + unit if unit else ''}", bool(value <= target))


def machine_facts() -> dict[str, Value]:
    """What a figure depends on (processor, cores, memory, versions); nothing that names the machine or its owner."""
    facts: dict[str, Value] = {
        "system": platform.system(),
        "processor": _processor(),
        "cores": _usable_cores(),
        "memory_gib": _memory_gib(),
        "python": platform.python_version(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
    }
    for library in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            facts[library] = importlib.metadata.version(library)
    return facts


def run_benchmark(
    name: str,
    function: Callable[[Path, bool], Sequence[Check]],
    *,
    arguments: Sequence[str] | None = None,
) -> NoReturn:
    """Parse the command line, measure, report, and leave with the exit code.

    Parameters
    ----------
    name
        Name of the benchmark, as in ``python -m benchmarks.NAME``.
    function
        Called with the folder of real sounds and whether the full (slow) measurement was asked for.
    arguments
        The words of the command line; those of the process if None.
    """
    run_parts(name, lambda data, full, _: Findings(function(data, full)), parts=(), arguments=arguments)


def run_parts(
    name: str,
    function: Callable[[Path, bool, tuple[str, ...]], Findings],
    *,
    parts: Sequence[str],
    arguments: Sequence[str] | None = None,
) -> NoReturn:
    """As ``run_benchmark``, for one that falls into named parts, which ``--only`` chooses; it may give tables too.

    The function gets the folder, whether all was asked for, and the chosen parts.
    """
    parser = _parser(name)
    if parts:
        parser.add_argument("--only", default=",".join(parts), help=f"parts, with commas between: {', '.join(parts)}")
    options = parser.parse_args(arguments)
    chosen = tuple(getattr(options, "only", "").split(",")) if parts else ()
    if unknown := set(chosen) - set(parts):
        progress(f"There is no part {', '.join(sorted(unknown))}; known: {', '.join(parts)}")
        sys.exit(2)
    if not options.data.is_dir():
        progress("There is no such folder of sounds; give one with --data DIR")
        sys.exit(2)
    with _stdout_to_stderr():
        found = function(options.data, options.full, chosen)
    checks = list(found.checks)
    report: dict[str, object] = {"checks": [check.as_json() for check in checks], "machine": machine_facts()}
    if found.tables:
        report["tables"] = [table.as_json() for table in found.tables]
    progress(_table(name, checks))
    if options.json:
        sys.stdout.write(json.dumps(report, indent=2, allow_nan=False) + "\n")
        sys.stdout.flush()
    sys.exit(0 if checks and all(check.holds for check in checks) else 1)


def progress(text: str) -> None:
    """A line for the person who waits (stderr)."""
    print(text, file=sys.stderr, flush=True)


def default_data() -> Path:
    """The folder of real sounds: ``WOODSHED_DATA``, or ``../shared/data`` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("WOODSHED_DATA", beside))


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=f"Measure and check: {name}.")
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of real sounds with its manifest.csv")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, alone on stdout")
    parser.add_argument("--full", action="store_true", help="measure on more sounds; slower")
    return parser


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Send file descriptor 1 to stderr for a while, so that no library or child can spoil the JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _table(name: str, checks: Sequence[Check]) -> str:
    rows = [("holds" if check.holds else "FAILS", check.name, _shown(check.value), check.target) for check in checks]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  target {d}" for a, b, c, d in rows]
    return "\n".join([f"\n{name}: {sum(check.holds for check in checks)} of {len(checks)} checks hold", *lines])


def _shown(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(value: Value) -> Value:
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if isinstance(value, int) else number


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        fields: Mapping[str, str] = {
            key.strip(): value.strip()
            for key, _, value in (line.partition(":") for line in cpuinfo.read_text(encoding="utf-8").splitlines())
        }
        if "model name" in fields:
            return fields["model name"]
    return platform.processor() or platform.machine()


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None
