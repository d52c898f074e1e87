"""The page of a copying report: the verdict, the figures beside their null and control, and the worst pairs to play."""

from __future__ import annotations

from pathlib import Path

from woodshed.sound import read_sound
from woodshed.training import MemorisationReport
from woodshed.training.memorisation_report import CopyPair, Counted
from woodshed.views import Page, SoundCard, sound_png
from woodshed.views.pages import Cell, Tone

_TONES: dict[str, Tone] = {"clean": "good", "copying": "poor", "cannot tell": "fair"}
_MEASURES = {
    "attack": "first 60 ms, at -36 to +36 cents",
    "windows": "windows of 120 ms at every place",
    "whole": "half a second in one piece",
    "bright attack": "first 60 ms again, from 700 Hz to 11 kHz",
}


def memorisation_page(report: MemorisationReport, *, folder: Path) -> Page:
    """Build the page; ``folder`` is where the sounds of the pairs lie."""
    page = Page(f"Does {report.model} copy?", lead=_lead(report))
    page.verdict(report.verdict, tone=_TONES[report.state]).text(f"What to do: {report.advice}.")
    page.text(*report.notes)
    _copies(page, report)
    _control(page, report)
    _most_copied(page, report)
    _learning(page, report)
    if report.pairs:
        page.section(
            "The sounds most like a training sound",
            "Left made, right real; the worst first. Play both.",
        ).pairs([_pair(pair, folder) for pair in report.pairs])
        page.text("This folder holds sounds of your library. Pass it on only to people who may hear them.")
    return page


def _lead(report: MemorisationReport) -> str:
    return (
        f"{report.count} new sounds beside {report.training_count} training sounds of {report.training_groups} groups "
        f"({report.duplicates} of them the same recording as another) and {report.held_out_count} held-out real sounds."
    )


def _copies(page: Page, report: MemorisationReport) -> None:
    page.section(
        "Copies",
        "Every sound is brought to mono and one level in every band at every moment, so that neither gain, polarity, "
        "channel order, filters, fades nor another envelope hide a copy. A sound counts by how far its nearest "
        "training sound stands out from the others and from its own likeness to itself at another moment or a semitone "
        f"off; above {report.threshold:.3f} it is a copy. "
        f"The threshold comes from {report.null.of} {report.null_kind}.",
    )
    rows: list[list[Cell]] = [
        ["new sounds", *_cells(report.copies), _rounded(report.likeness_median)],
        ["new sounds, like a lender they name", *_cells(report.borrowed), None],
        [report.null_kind, *_cells(report.null), _rounded(report.null_likeness_median)],
    ]
    page.table("Share of copies", ["sounds", "n", "copies", "share", "95 %", "median likeness"], rows)
    measures: list[list[Cell]] = [[_MEASURES.get(name, name), count] for name, count in report.by_measure.items()]
    page.table("What each measure alone would say", ["measure", "copies"], measures)


def _control(page: Page, report: MemorisationReport) -> None:
    page.section(
        "Control",
        "Training sounds were changed and planted among the judged ones. If fewer than nine in ten of those with one "
        "change are found, the report cannot tell.",
    )
    rows: list[list[Cell]] = [[change, *_cells(share)] for change, share in report.control.items()]
    page.table("Planted copies found, by change", ["change", "n", "found", "share", "95 %"], rows)


def _most_copied(page: Page, report: MemorisationReport) -> None:
    if report.most_copied:
        rows: list[list[Cell]] = [
            [one.name, one.owner, one.group, one.count, _rounded(one.likeness)] for one in report.most_copied
        ]
        page.section("Whose sounds were copied")
        page.table("Copied training sounds", ["sound", "owner", "group", "copies", "likeness"], rows)


def _learning(page: Page, report: MemorisationReport) -> None:
    loss = report.loss
    if loss is None and report.diversity is None:
        return
    rows: list[list[Cell]] = [["the same sound made twice", report.repeats.text]]
    if report.diversity is not None:
        rows.append(["distance to the nearest other made sound, real sounds being 1", _rounded(report.diversity)])
    if loss is not None:
        rows.append(["loss on held-out sounds, in units of that on training sounds", _rounded(loss.ratio)])
    page.section("Learning by heart", "A loss far higher on held-out sounds is a warning, not a proof.")
    page.table("Diversity and loss", ["what", "value"], rows)


def _pair(pair: CopyPair, folder: Path) -> tuple[SoundCard, SoundCard]:
    made, real = folder / pair.made_file, folder / pair.real_file
    likeness = f"likeness {pair.likeness:.2f}{' at ' + format(pair.cents, '+d') + ' cents' if pair.cents else ''}"
    lines = (f"{likeness}: above the threshold",) if pair.is_copy else (likeness,)
    return (
        SoundCard(f"made {pair.class_name}".strip(), made, sound_png(read_sound(made)), lines),
        SoundCard(pair.real_name, real, sound_png(read_sound(real)), (pair.owner,) if pair.owner else ()),
    )


def _cells(share: Counted) -> list[Cell]:
    percent = None if share.share is None else f"{100 * share.share:.1f} %"
    return [share.of, share.count, percent, f"{100 * share.low:.1f} to {100 * share.high:.1f} %"]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
