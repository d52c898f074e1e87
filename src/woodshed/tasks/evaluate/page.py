"""The page of an evaluation: the verdict, the tables beside their reference rows, and pairs to play."""

from __future__ import annotations

from pathlib import Path

from woodshed.sound import read_sound
from woodshed.tasks.evaluate.page_beside import class_section, frontier_section, pairs_section, told_section
from woodshed.tasks.evaluate.page_examples import examples_section
from woodshed.tasks.evaluate.report import CountedShare, EvaluationReport, Overlap, Pair, Row
from woodshed.views import Page, SoundCard, sound_png
from woodshed.views.pages import Cell, Tone

_SPACES = {"descriptors": "named descriptors", "spectral": "mel picture and flutter"}


def evaluation_page(report: EvaluationReport, *, folder: Path) -> Page:
    """Build the page; ``folder`` is where the sounds to play lie, if any were written."""
    page = Page(f"Evaluation of {report.model}", lead=_lead(report))
    page.verdict(report.verdict, tone=_tone(report)).text(f"What to do: {report.advice}.")
    page.text(*report.notes)
    examples_section(page, report, folder=folder)
    _distances(page, report)
    frontier_section(page, report)
    _cover(page, report)
    told_section(page, report)
    _classes_and_faults(page, report)
    _copying(page, report)
    pairs_section(page, report)
    _gaps(page, report)
    class_section(page, report)
    _pairs(page, report, folder)
    return page


def _lead(report: EvaluationReport) -> str:
    return (
        f"{report.count} new sounds beside {report.training_count} training sounds of {report.training_groups} "
        "groups and "
        f"{report.held_out_count} held-out real sounds of {report.held_out_groups} groups that the model never saw. "
        f"Every sound is heard for {report.heard_s:g} s from its onset, at one level."
    )


def _tone(report: EvaluationReport) -> Tone:
    if report.novelty == "copying" or report.closeness == "far" or (report.generated.clean.share or 0) < 0.95:
        return "poor"
    return "good" if report.novelty == "novel" and report.closeness == "close" else "fair"


def _distances(page: Page, report: EvaluationReport) -> None:
    page.section(
        "How far from the real sounds",
        "Kernel distance x 1000 (unbiased, so it may be negative) with its 95 % interval over groups, and Frechet "
        "distance. Lower is nearer. Measured in two fixed feature spaces that were not trained on anything; the "
        "training "
        "sounds set their scale. p is the share of random divisions that lie as far apart: small means they differ.",
    )
    for space, words in _SPACES.items():
        floor = next((one for one in report.floors if one.space == space), None)
        rows: list[list[Cell]] = []
        for row in report.rows:
            near, unseen = _found(row, space, "training"), row.overlap(space, "held-out")
            rows.append([row.name, row.count, *_kernel(near), *_kernel(unseen)])
        columns = ["sounds", "n", "to training", "95 %", "p", "Frechet"]
        columns += ["to held-out", "95 % ", "p ", "Frechet "]
        page.table(f"Distances by {words}", columns, rows)
        if floor and floor.kernel is not None and floor.kernel_high is not None:
            page.text(
                f"Floor: one half of the real kits lies {floor.kernel:.1f} from the other (mean of {floor.draws} "
                "draws, "
                f"largest {floor.kernel_high:.1f})."
            )


def _kernel(found: Overlap | None) -> list[Cell]:
    if found is None:
        return [None, None, None, None]
    low, high = found.kernel_low, found.kernel_high
    between = None if low is None or high is None else f"{low:.1f} to {high:.1f}"
    return [_rounded(found.kernel, 1), between, _rounded(found.p_value, 3), _rounded(found.frechet, 1)]


def _cover(page: Page, report: EvaluationReport) -> None:
    page.section(
        "How well they cover the real sounds",
        "By 5 nearest neighbours at matched counts. Precision: share of the sounds among real ones. Recall: share of "
        "real "
        "sounds among them. Coverage: share of real sounds that have one nearby. Noise can score well in one of these "
        "alone, never in all.",
    )
    for space, words in _SPACES.items():
        rows: list[list[Cell]] = []
        for row in report.rows:
            near, unseen = _found(row, space, "training"), row.overlap(space, "held-out")
            rows.append([row.name, *_shares(near), *_shares(unseen)])
        names = ["precision", "recall", "density", "coverage"]
        page.table(
            f"Overlap with the training sounds, then with the held-out ones, by {words}",
            ["sounds", *names, *(f"{name} (held-out)" for name in names)],
            rows,
        )


def _shares(found: Overlap | None) -> list[Cell]:
    if found is None:
        return [None] * 4
    return [_rounded(value, 2) for value in (found.precision, found.recall, found.density, found.coverage)]


def _classes_and_faults(page: Page, report: EvaluationReport) -> None:
    listener = report.listener
    words = (
        "No listener could be trained."
        if listener is None
        else f"The listener learned {len(listener.classes)} classes from {listener.trained_on} "
        f"{'training' if listener.heard_training_sounds else 'held-out'} sounds and is right about "
        f"{_percent(listener.right_on_unheard)} of {listener.unheard} real sounds it never heard, classes weighted "
        "alike. "
        "It is blunt: read it beside the reference rows."
    )
    page.section(
        "Classes, faults and distance to the nearest",
        words,
        "Faults are counted on the sounds as they come, before any trimming or levelling. Nearest: median distance "
        f"to the nearest training sound, 1 being {_beside(report)}.",
    )
    rows: list[list[Cell]] = [
        [
            row.name,
            row.count,
            _rounded(row.agreement, 2),
            _rounded(row.relative_agreement, 2),
            _percent(row.clean.share),
            _between(row.clean),
            ", ".join(f"{name} {count}" for name, count in row.faults.items()) or "none",
            _rounded(row.novelty, 2),
        ]
        for row in report.rows
    ]
    columns = ["sounds", "n", "heard as asked", "beside real", "clean", "95 %", "faults", "nearest"]
    page.table("Classes, faults and distance to the nearest", columns, rows)


def _copying(page: Page, report: EvaluationReport) -> None:
    check = report.copying
    page.section(
        "Copies",
        "Every sound is brought to one level in every band at every moment and looked for in every training sound: its "
        "first 60 ms at speeds of -36 to +36 cents, later windows at every place, half a second in one piece. A "
        f"sound that stands out by more than {check.threshold:.3f} counts as a copy: of {check.null.of} "
        f"{check.null_kind}, {check.null.count} lie above it. woodshed memorisation says whose sounds were copied.",
        f"Planted copies with one change: {check.control_found.count} of {check.control_found.of} found. "
        + (
            "So the check works here."
            if check.can_tell
            else f"That, or the number of {_beside(report)}, is too few: the check cannot tell."
        ),
    )
    rows: list[list[Cell]] = [
        [row.name, *_share_cells(row.copies), _rounded(row.likeness, 2)] for row in report.rows if row.copies
    ]
    page.table("Share of copies", ["sounds", "n", "copies", "share", "95 %", "median likeness"], rows)
    planted: list[list[Cell]] = [[change, *_share_cells(share)] for change, share in check.control.items()]
    page.table("Planted copies found, by change", ["change", "n", "found", "share", "95 %"], planted)
    page.text(
        "Not seen by this check: layers of several sounds, changes of pitch beyond 40 cents, anything above 5 kHz (of "
        "attacks 11 kHz), and what comes more than two seconds after the onset."
    )


def _share_cells(share: CountedShare | None) -> list[Cell]:
    if share is None:
        return [None] * 4
    return [share.of, share.count, _percent(share.share), _between(share)]


def _gaps(page: Page, report: EvaluationReport) -> None:
    page.section(
        "What is different",
        "Median over classes of the difference of medians, made against training sounds. Severity 1 is what one half "
        "of the "
        "real kits shows against the other, or what one can just hear.",
    )
    rows: list[list[Cell]] = [
        [gap.text, gap.name, _rounded(gap.gap, 2), _rounded(gap.floor, 2), _rounded(gap.severity, 1)]
        for gap in report.gaps
    ]
    page.table("Differences, worst first", ["in words", "descriptor", "gap", "floor", "severity"], rows)


def _pairs(page: Page, report: EvaluationReport, folder: Path) -> None:
    for kind, heading, words in (
        (
            "most alike",
            "The sounds most like a training sound",
            "Copies would be here. Left made, right real.",
        ),
        ("drawn", "Made sounds beside their nearest real one", "Drawn at random. Left made, right real."),
    ):
        pairs = [pair for pair in report.pairs if pair.kind == kind]
        if pairs:
            page.section(heading, words).pairs([_pair(pair, folder) for pair in pairs])
    if report.pairs or report.examples:
        page.text("This folder holds sounds of your library. Pass it on only to people who may hear them.")


def _pair(pair: Pair, folder: Path) -> tuple[SoundCard, SoundCard]:
    made, real = folder / pair.made_file, folder / pair.real_file
    likeness = f"likeness {pair.likeness:.2f}{' at ' + format(pair.cents, '+d') + ' cents' if pair.cents else ''}"
    lines = (f"{likeness}: a copy by the threshold",) if pair.is_copy else (likeness,)
    return (
        SoundCard(f"made {pair.class_name}".strip(), made, sound_png(read_sound(made)), lines),
        SoundCard("nearest training sound", real, sound_png(read_sound(real)), (pair.real_name[:16],)),
    )


def _found(row: Row, space: str, reference: str) -> Overlap | None:
    """The overlap with a reference; half the kits stand with the training sounds."""
    return row.overlap(space, reference) or row.overlap(space, "other half")


def _beside(report: EvaluationReport) -> str:
    """The real sounds that distances and copies are measured beside."""
    return "unseen real sounds" if report.held_out_count else "training sounds of other groups"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _between(share: CountedShare) -> str:
    return f"{100 * share.low:.0f} to {100 * share.high:.0f} %"


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.1 else f"{100 * share:.1f} %"
