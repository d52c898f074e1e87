"""The page of the demo: what was made, beside what is real, with figures, receipts and what to type next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from woodshed.artifacts.delivery import Delivered
from woodshed.base.files import file_word
from woodshed.base.units import seconds_to_text
from woodshed.sound import Sound, read_sound, write_sound
from woodshed.tasks.evaluate import PAGE_FILE, EvaluationReport, summary_table
from woodshed.tasks.train import TrainingReport
from woodshed.views import Page, SoundCard, sound_png


@dataclass(frozen=True)
class DemoFindings:
    """Everything the page shows. ``real`` maps a class to a sound file of it."""

    folder: Path
    workspace: Path
    trained: TrainingReport
    report: EvaluationReport
    made: Sequence[Delivered]
    varied: Sequence[Delivered]
    blended: Sequence[Delivered]
    source: Path
    real: dict[str, Path]
    own_sounds: bool


def write_demo_page(findings: DemoFindings) -> Path:
    """Write ``index.html`` into the demo's folder; it links only to files under that folder."""
    card = findings.trained.card
    whose = "your own sounds" if findings.own_sounds else "a starter kit that was synthesised here a moment ago"
    facts = card.training
    lead = f"A model trained on {findings.trained.sounds} sounds ({whose}) for "
    lead += f"{facts.steps} steps in {seconds_to_text(facts.seconds)}. " if facts else "a while. "
    page = Page("New sounds", lead=lead + "Everything on this page was made on this machine.")
    page.section(
        "Made beside real", "Each new sound, and a real one of its class that the model may have learned from."
    )
    page.pairs([_pair(one, findings) for one in findings.made])
    page.section("Variations", "One real sound, changed by 0.4 on a way from 0 (itself) to 1 (forgotten).")
    page.sounds([_source_card(findings), *(_card(one, f"variation {i}") for i, one in enumerate(findings.varied, 1))])
    page.section(
        "A blend in five steps", "From one real sound to another; the first and the last are the sounds themselves."
    )
    page.sounds([_card(one, f"step {i}") for i, one in enumerate(findings.blended, 1)])
    _figures(page, findings.report)
    page.section("Training", findings.trained.verdict)
    page.details("The model's card", card.model_dump_json(indent=1, exclude={"sources"}))
    page.commands(_next_commands(findings))
    return page.write(findings.folder / "index.html")


def _figures(page: Page, report: EvaluationReport) -> None:
    """The verdict and the short table; the whole report has a page of its own."""
    page.section("How good, and how new", f"Measured on {report.count} sounds, with wide intervals: a first look.")
    page.verdict(f"{report.verdict} What to do: {report.advice}.")
    columns, rows = summary_table(report)
    page.table("Beside rows that need no model", columns, rows)
    page.text(f"Intervals, faults, copying and pairs to play: evaluation/{PAGE_FILE} beside this page.")


def _pair(one: Delivered, findings: DemoFindings) -> tuple[SoundCard, SoundCard]:
    name = one.receipt.class_name or ""
    made = _card(one, f"new {name}".strip())
    path = findings.real.get(name)
    if path is None:
        return made, SoundCard("no real sound of this class is left")
    copy, sound = _copied(path, findings.folder / "real" / f"{file_word(name)}.wav")
    return made, SoundCard(f"real {name}", copy, sound_png(sound), (_facts(sound), path.name))


def _card(one: Delivered, title: str) -> SoundCard:
    taken = one.receipt.take_words()
    origin = [f"a further take of {taken}"] if taken else []
    lines = (_facts(one.sound), f"seed {one.receipt.seed}", *origin)
    receipt = one.receipt.model_dump_json(indent=1, exclude_defaults=True)
    return SoundCard(title, one.path, sound_png(one.sound), lines, receipt)


def _source_card(findings: DemoFindings) -> SoundCard:
    copy, sound = _copied(findings.source, findings.folder / "real" / "source.wav")
    return SoundCard("the source", copy, sound_png(sound), (_facts(sound), findings.source.name))


def _facts(sound: Sound) -> str:
    width = "stereo" if sound.channels == 2 else "mono" if sound.channels == 1 else f"{sound.channels} channels"
    return f"{sound.duration_s:.2f} s, {width}, {sound.sample_rate_hz / 1000:g} kHz"


def _copied(path: Path, copy: Path) -> tuple[Path, Sound]:
    """A real sound as a WAV that every browser plays, beside the page."""
    sound = read_sound(path)
    sound = sound.scaled(1.0 / sound.peak) if sound.peak > 1.0 else sound
    return write_sound(copy, sound), sound


def _next_commands(findings: DemoFindings) -> list[tuple[str, str]]:
    at = f"--workspace {_quoted(str(findings.workspace))}"
    classes = findings.trained.card.classes
    facts = findings.trained.card.training
    query = _quoted(facts.query if facts else "all")
    name = "snare" if "snare" in classes else classes[0] if classes else "each"
    commands = [
        (f"woodshed generate demo {at} --class {_quoted(name)} --count 32 --out more", f"Make 32 more: {name}"),
        (f"woodshed train demo {at} --from {query} --budget 20m", "Train longer"),
    ]
    if findings.own_sounds:
        commands.append((f"woodshed evaluate demo {at}", "Measure it in full, with 512 sounds"))
    else:
        commands.insert(0, ("woodshed demo --sounds FOLDER --mine", "The same with your own sounds"))
    return commands


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word
