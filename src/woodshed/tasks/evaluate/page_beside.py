"""The parts of the page about judges, pairs, single classes, and novelty beside fidelity."""

from __future__ import annotations

from itertools import groupby

from woodshed.tasks.evaluate.report import EvaluationReport, FrontierPoint, Told
from woodshed.views import Page, Point, scatter_picture
from woodshed.views.pages import Cell

_JUDGES = {"descriptors": "logistic, descriptors", "pictures": "network, log-mels"}


def told_section(page: Page, report: EvaluationReport) -> None:
    """How well judges that were trained afresh told each row from real sounds."""
    rows: list[list[Cell]] = []
    for row in report.rows:
        found = [row.told_by(judge) for judge in _JUDGES]
        if any(found):
            rows.append([row.name, *(cell for one in found for cell in _told(one))])
    if not rows:
        return
    page.section(
        "Told from real sounds",
        "Judges that were trained afresh on some kits tell the sounds from real ones of other kits: share they are "
        "right about, both sides alike, 50 % being guessing. They report traces of the method, not ugliness: compare "
        "with the reference rows.",
    )
    columns = ["sounds", *(column for words in _JUDGES.values() for column in (words, f"95 %, {words}"))]
    page.table("Told from real sounds", columns, rows)


def _told(found: Told | None) -> list[Cell]:
    if found is None or found.share is None or found.low is None or found.high is None:
        return [None, None]
    return [f"{100 * found.share:.0f} %", f"{100 * found.low:.0f} to {100 * found.high:.0f} %"]


def frontier_section(page: Page, report: EvaluationReport) -> None:
    """Every row, and the tricks from little to much, as points of kernel distance and novelty."""
    points = [
        Point(row.name, found.kernel, row.novelty, row.kind)
        for row in report.rows
        if row.novelty is not None and (found := row.overlap("descriptors", "training")) and found.kernel is not None
    ]
    curves = [point for point in report.frontier if point.kernel is not None and point.novelty is not None]
    if not points:
        return
    unit = "unseen real kits" if report.held_out_count else "training sounds beside other kits"
    page.section(
        "New and close at once",
        "Across: kernel distance to the training sounds by descriptors, less is closer. Up: median distance to the "
        f"nearest training sound, {unit} being 1. Copies lie at the lower left, noise at the upper right; a "
        "generator is worth its training if it lies above what the tricks reach at its distance.",
    )
    marked = points + [
        Point("", _value(one.kernel), _value(one.novelty), f"{one.series}, by strength") for one in curves
    ]
    across, up = "kernel distance x 1000", "novelty"
    light = scatter_picture(marked, None, theme="light", x_label=across, y_label=up)
    dark = scatter_picture(marked, None, theme="dark", x_label=across, y_label=up)
    words = "; ".join(f"{point.label} at {point.x:.1f} and {point.y:.2f}" for point in points)
    page.picture(light, dark=dark, alt=f"Kernel distance and novelty: {words}.")
    rows: list[list[Cell]] = [
        [one.series, one.strength, round(_value(one.kernel), 1), round(_value(one.novelty), 2)] for one in curves
    ]
    if rows:
        page.table("The tricks from little to much", ["trick", "strength", "kernel distance", "novelty"], rows)
        page.text(*_beside_tricks(report, curves))


def _beside_tricks(report: EvaluationReport, curves: list[FrontierPoint]) -> list[str]:
    """The newest that each trick gets while no further away than the generated sounds."""
    found = report.generated.overlap("descriptors", "training")
    if found is None or found.kernel is None:
        return []
    kernel = found.kernel
    lines = []
    for name, part in groupby(curves, key=lambda one: one.series):
        reached = [_value(one.novelty) for one in part if _value(one.kernel) <= kernel]
        words = f"a novelty of {max(reached):.2f}" if reached else "nothing"
        lines.append(f"No further away than the generated sounds, {name} reaches {words}.")
    return lines


def _value(number: float | None) -> float:
    return float("nan") if number is None else number


def class_section(page: Page, report: EvaluationReport) -> None:
    """Every class by itself, with what its own kits show."""
    if not report.class_gaps:
        return
    page.section(
        "What is different, class by class",
        "Difference of medians, made against training sounds, and what one half of the class's own kits shows against "
        "the other (nine of ten divisions lie within). Times are in octaves.",
    )
    ordered = sorted(report.class_gaps, key=lambda gap: (not gap.beyond, gap.class_name, gap.name))
    rows: list[list[Cell]] = [
        [
            gap.text,
            round(gap.gap, 2),
            None if gap.spread is None else round(gap.spread, 2),
            "yes" if gap.beyond else "no",
            gap.count,
            gap.real_count,
        ]
        for gap in ordered
    ]
    columns = ["in words", "gap", "kits differ by", "beyond them", "made", "real"]
    page.table("Differences by class, those beyond the kits first", columns, rows)


def pairs_section(page: Page, report: EvaluationReport) -> None:
    """Whether made sounds are two training sounds put together."""
    found = report.explained
    if found is None:
        return
    page.section(
        "Two sounds put together",
        "Mixed: two training sounds laid over each other explain the first 0.2 s. Crossed: the fine structure of a "
        "training sound lies under another envelope. Counted are sounds above what 1 % of unseen real ones reach "
        f"(chance: at most {100 * found.expected:.1f} %).",
    )
    rows: list[list[Cell]] = []
    for kind, share in (("mixed", found.mixed), ("crossed", found.crossed)):
        control = found.control[kind]
        between = f"{100 * share.low:.1f} to {100 * share.high:.1f} %"
        rows.append([kind, share.of, share.count, between, f"{control.count} of {control.of}"])
    page.table("Pairs of training sounds", ["kind", "n", "explained", "95 %", "planted pairs found"], rows)
