"""The short table of an evaluation, for a terminal or the foot of a page."""

from __future__ import annotations

from woodshed.tasks.evaluate.report import EvaluationReport, Row

COLUMNS = [
    "sounds",
    "n",
    "kernel, descriptors",
    "kernel, spectral",
    "recall",
    "coverage",
    "heard as asked",
    "novelty",
    "clean",
    "copies",
]

Cell = str | int | float | None


def summary_table(report: EvaluationReport) -> tuple[list[str], list[list[Cell]]]:
    """Columns and rows: distance to the training sounds (x 1000), cover, class, novelty, hygiene, copies."""
    return list(COLUMNS), [_cells(row) for row in report.rows]


def _cells(row: Row) -> list[Cell]:
    named, pictured = row.overlap("descriptors", "training"), row.overlap("spectral", "training")
    return [
        row.name,
        row.count,
        _rounded(named.kernel if named else None, 1),
        _rounded(pictured.kernel if pictured else None, 1),
        _rounded(pictured.recall if pictured else None, 2),
        _rounded(pictured.coverage if pictured else None, 2),
        _rounded(row.relative_agreement, 2),
        _rounded(row.novelty, 2),
        _rounded(row.clean.share, 3),
        _rounded(row.copies.share if row.copies else None, 3),
    ]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
