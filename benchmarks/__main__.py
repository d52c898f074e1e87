"""Run every benchmark and write one table: `python -m benchmarks --data DIR --write docs/benchmarks.md`.

About 44 minutes on two quiet cores the first time, as reckoned from the parts: describe 1, kit 2, first_path 10,
generation 30 (loops among them), beginnings 1. Trainings, sounds and figures are kept in .bench-cache: a run that was
broken off goes on where it was. ``--full`` measures more of everything, and the judges and restore besides: about six
hours.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks._report import default_data

NAMES = ("describe", "kit", "first_path", "generation", "beginnings")
LONGER = ("judges", "restore")  # with --full: they prove tools that the others only use


def main() -> int:
    """Run all, write the table, and fail if one does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of real sounds with its manifest.csv")
    parser.add_argument("--write", type=Path, help="Markdown file for the table")
    parser.add_argument("--full", action="store_true", help="the longer measurements")
    options = parser.parse_args()
    names = (*NAMES, *LONGER) if options.full else NAMES
    reports = {name: _run(name, options.data, full=options.full) for name in names}
    text = page(reports)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    print(text)
    return 0 if all(c["holds"] for report in reports.values() for c in report["checks"]) else 1


def _run(name: str, data: Path, *, full: bool) -> dict:
    words = [sys.executable, "-m", f"benchmarks.{name}", "--data", str(data), "--json", *(["--full"] if full else [])]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        failed = {"name": f"{name}: runs to its end", "value": done.returncode, "target": "0", "holds": False}
        return {"checks": [failed], "machine": {}}


def page(reports: dict[str, dict]) -> str:
    """All checks as one Markdown page."""
    lines = [
        "# What must hold, measured",
        "",
        "Written by `make bench`; each row repeats with `python -m benchmarks.NAME`.",
        "",
    ]
    for name, report in reports.items():
        lines += [f"## {name}", "", "| holds | check | value | target |", "|---|---|---|---|"]
        for check in report["checks"]:
            value = check["value"]
            shown = f"{value:.4g}" if isinstance(value, float) else value
            lines.append(f"| {'yes' if check['holds'] else '**no**'} | {check['name']} | {shown} | {check['target']} |")
        for table in report.get("tables", []):
            lines += ["", f"{table['caption']}:", "", _line(table["columns"]), _line(["---"] * len(table["columns"]))]
            lines += [_line(row) for row in table["rows"]]
        lines.append("")
    machine = next((report["machine"] for report in reports.values() if report["machine"]), {})
    lines += ["## Machine", "", ", ".join(f"{key} {value}" for key, value in machine.items()), ""]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
