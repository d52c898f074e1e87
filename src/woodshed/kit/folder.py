"""A whole starter kit on disk: several virtual kits and their loops, labelled, reproducible, in the public domain."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from woodshed.base.errors import UsageError
from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.files import write_text_atomically
from woodshed.base.seeds import derive_seed
from woodshed.kit.characters import Character, KitFlavour, draw_character
from woodshed.kit.hits import KIT_CLASSES, make_hit
from woodshed.kit.loops import KitLoop, make_loop
from woodshed.kit.papers import LICENCE_TEXT, readme_text
from woodshed.kit.styles import STYLES
from woodshed.sound import LoopPoint, TempoTag, WavTags, write_sound

MANIFEST_COLUMNS: tuple[str, ...] = (
    "path",
    "kind",
    "class",
    "group",
    "pitch_midi",
    "pitch_name",
    "bpm",
    "bars",
    "label_source",
    "train_ok",
    "licence",
    "author",
    "recipe",
    "seed",
    "sample_rate",
    "channels",
    "duration_s",
)
AUTHOR = "Woodshed starter kit"
LABEL_SOURCE = "made that way by the Woodshed starter kit"
_NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAVOURS: tuple[KitFlavour, ...] = ("acoustic", "electronic", "mixed")
_HITS_PER_KIT = 5


@dataclass(frozen=True)
class KitReport:
    """What was written."""

    folder: str
    hits: int
    loops: int
    groups: tuple[str, ...]
    duration_s: float
    manifest: str


@dataclass(frozen=True)
class _Kit:
    name: str
    seed: int
    character: Character


def make_kit(
    folder: str | os.PathLike[str],
    *,
    seed: int,
    count_per_class: int = 40,
    loops: int = 24,
    sample_rate_hz: int = 44100,
    jobs: int | None = None,
    on_event: EventSink = ignore,
) -> KitReport:
    """Write a starter kit: hits of all classes in several virtual kits, loops, manifest, records, licence and README.

    Parameters
    ----------
    folder
        Made if missing. An earlier kit in it is replaced: its files that are no longer part of the kit go.
    seed
        The same seed gives the same files.
    count_per_class
        Hits of each class, spread over about one kit for every five (at least two kits).
    loops
        Number of loops, spread over the kits.
    sample_rate_hz
        Rate of all files; 24-bit WAV.
    jobs
        Threads; one for each core when left out. The files do not depend on it.
    on_event
        Told after every file.

    Raises
    ------
    UsageError
        If a count is negative or nothing is asked for, or the folder holds the manifest of another collection.
    DiskProblem
        If the disk is full or refuses.

    Examples
    --------
    >>> import tempfile
    >>> report = make_kit(tempfile.mkdtemp(), seed=1, count_per_class=1, loops=0)
    >>> report.hits, report.groups
    (14, ('kit-01', 'kit-02'))
    """
    target = Path(folder)
    _checked(target, count_per_class=count_per_class, loops=loops)
    kits = _kits(seed, count=max(2, -(-count_per_class // _HITS_PER_KIT)))
    before = _listed(target)
    works = [
        *_hit_works(target, kits, count_per_class, sample_rate_hz),
        *_loop_works(target, kits, loops, sample_rate_hz),
    ]
    rows: list[dict[str, str]] = []
    records: list[dict[str, object]] = []
    with ThreadPoolExecutor(jobs or min(os.cpu_count() or 1, 8)) as pool:
        for row, record in pool.map(lambda work: work(), works):
            rows.append(row)
            records.append(record)
            on_event(Progress(stage="kit", done=len(rows), total=len(works), unit="sounds"))
    manifest = _write_papers(target, rows, records, seed=seed)
    for path in before - {row["path"] for row in rows}:
        (target / path).unlink(missing_ok=True)
    return KitReport(
        folder=str(target),
        hits=count_per_class * len(KIT_CLASSES),
        loops=loops,
        groups=tuple(kit.name for kit in kits),
        duration_s=sum(float(row["duration_s"]) for row in rows),
        manifest=str(manifest),
    )


_Work = Callable[[], tuple[dict[str, str], dict[str, object]]]


def _checked(folder: Path, *, count_per_class: int, loops: int) -> None:
    if count_per_class < 0 or loops < 0 or count_per_class + loops == 0:
        raise UsageError(
            f"A kit of {count_per_class} hits of each class and {loops} loops cannot be made",
            cause="both counts are zero or one is negative",
            way_out="ask for at least one, as with --count 40 --loops 24",
        )
    manifest = folder / "manifest.csv"
    if manifest.exists() and LABEL_SOURCE not in manifest.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(
            f"The folder {folder.name!r} already holds a manifest.csv of other sounds",
            cause="the name of a folder of recordings was given",
            way_out="name a new, empty folder",
        )


def _listed(folder: Path) -> set[str]:
    """The sounds an earlier kit wrote here, by its own manifest; nothing outside the folder."""
    manifest = folder / "manifest.csv"
    if not manifest.exists():
        return set()
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    paths = (row.get("path") or "" for row in rows if row.get("label_source") == LABEL_SOURCE)
    return {path for path in paths if path.startswith("kit-") and path.endswith(".wav") and ".." not in path}


def _kits(seed: int, *, count: int) -> list[_Kit]:
    """Virtual kits, flavours in turn so that every kind is there."""
    made = []
    for index in range(count):
        kit_seed = derive_seed(seed, "kit", index)
        character = draw_character(seed=kit_seed, flavour=_FLAVOURS[index % len(_FLAVOURS)])
        made.append(_Kit(f"kit-{index + 1:02d}", kit_seed, character))
    return made


def _hit_works(folder: Path, kits: list[_Kit], count_per_class: int, sample_rate_hz: int) -> Iterator[_Work]:
    for class_name in KIT_CLASSES:
        for index in range(count_per_class):
            kit = kits[index % len(kits)]
            yield _HitWork(folder, kit, class_name, index // len(kits), sample_rate_hz)


def _loop_works(folder: Path, kits: list[_Kit], loops: int, sample_rate_hz: int) -> Iterator[_Work]:
    styles = list(STYLES)
    for index in range(loops):
        kit = kits[index % len(kits)]
        suited = [
            name
            for name in styles
            if kit.character.flavour in (STYLES[name].flavour, "mixed") or STYLES[name].flavour == "mixed"
        ]
        style = suited[derive_seed(kit.seed, "style", index) % len(suited)]
        yield _LoopWork(folder, kit, style, index, sample_rate_hz)


@dataclass(frozen=True)
class _HitWork:
    folder: Path
    kit: _Kit
    class_name: str
    index: int
    sample_rate_hz: int

    def __call__(self) -> tuple[dict[str, str], dict[str, object]]:
        # Two instruments a kit and class: every other hit belongs to the second.
        home_seed = derive_seed(self.kit.seed, "instrument", self.class_name, self.index % 2)
        seed = derive_seed(self.kit.seed, "hit", self.class_name, self.index)
        hit = make_hit(
            self.class_name,
            seed=seed,
            sample_rate_hz=self.sample_rate_hz,
            character=self.kit.character,
            home_seed=home_seed,
            spread=0.6,
        )
        note = None if hit.pitch_midi is None else _note_name(hit.pitch_midi)
        word = "-".join(part.capitalize() for part in self.class_name.split("-"))
        name = "_".join(
            [word, hit.recipe, *([note] if note else []), f"K{self.kit.name[-2:]}", f"{self.index + 1:02d}"]
        )
        path = self.folder / self.kit.name / word / f"{name}.wav"
        text = {"INAM": name, "IART": AUTHOR, "ICOP": "CC0-1.0", "ISFT": "Woodshed"}
        write_sound(path, hit.sound, tags=WavTags(root_pitch_midi=hit.pitch_midi, text=text))
        row = _row(
            self.folder, path, kind="oneshot", class_name=self.class_name, kit=self.kit, seed=seed, recipe=hit.recipe
        )
        row |= {"pitch_midi": "" if note is None else str(hit.pitch_midi), "pitch_name": note or ""}
        row |= _sound_columns(hit.sound.sample_rate_hz, hit.sound.channels, hit.sound.duration_s)
        return row, {
            "path": row["path"],
            "class": self.class_name,
            "recipe": hit.recipe,
            "seed": seed,
            "parameters": hit.parameters,
        }


@dataclass(frozen=True)
class _LoopWork:
    folder: Path
    kit: _Kit
    style: str
    index: int
    sample_rate_hz: int

    def __call__(self) -> tuple[dict[str, str], dict[str, object]]:
        seed = derive_seed(self.kit.seed, "loop", self.index)
        bars = (2, 2, 1, 4)[seed % 4]
        loop = make_loop(
            seed=seed,
            bars=bars,
            style=self.style,
            sample_rate_hz=self.sample_rate_hz,
            character=self.kit.character,
            home_seed=derive_seed(self.kit.seed, "drums"),
        )
        name = f"Loop_{self.style.title()}_{loop.bpm:g}bpm_{bars}bar_K{self.kit.name[-2:]}_{self.index + 1:02d}"
        path = self.folder / self.kit.name / "Loops" / f"{name}.wav"
        text = {"INAM": name, "IART": AUTHOR, "ICOP": "CC0-1.0", "ISFT": "Woodshed", "IGNR": self.style}
        tempo = TempoTag(bpm=loop.bpm, beats=4 * bars)
        write_sound(path, loop.sound, tags=WavTags(loops=(LoopPoint(0, loop.sound.frames),), tempo=tempo, text=text))
        row = _row(self.folder, path, kind="loop", class_name="drums", kit=self.kit, seed=seed, recipe=self.style)
        row |= {"bpm": f"{loop.bpm:g}", "bars": str(bars)}
        row |= _sound_columns(self.sample_rate_hz, loop.sound.channels, loop.sound.duration_s)
        return row, {"path": row["path"], "class": "drums", "style": self.style, "seed": seed, **_loop_record(loop)}


def _loop_record(loop: KitLoop) -> dict[str, object]:
    strokes = [
        [stroke.class_name, stroke.beat, round(stroke.onset_s, 6), round(stroke.velocity, 4)] for stroke in loop.pattern
    ]
    return {"bpm": loop.bpm, "bars": loop.bars, "swing": loop.swing, "strokes": strokes}


def _row(folder: Path, path: Path, *, kind: str, class_name: str, kit: _Kit, seed: int, recipe: str) -> dict[str, str]:
    row = dict.fromkeys(MANIFEST_COLUMNS, "")
    row |= {
        "path": path.relative_to(folder).as_posix(),
        "kind": kind,
        "class": class_name,
        "group": kit.name,
        "label_source": LABEL_SOURCE,
        "train_ok": "yes",
        "licence": "CC0-1.0",
        "author": AUTHOR,
        "recipe": recipe,
        "seed": str(seed),
    }
    return row


def _sound_columns(sample_rate_hz: int, channels: int, duration_s: float) -> dict[str, str]:
    return {"sample_rate": str(sample_rate_hz), "channels": str(channels), "duration_s": f"{duration_s:.4f}"}


def _note_name(midi: int) -> str:
    """Name of a note as samplers read it, for example 60 is C4."""
    return f"{_NOTES[midi % 12]}{midi // 12 - 1}"


def _write_papers(folder: Path, rows: list[dict[str, str]], records: list[dict[str, object]], *, seed: int) -> Path:
    table = io.StringIO()
    writer = csv.DictWriter(table, MANIFEST_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text_atomically(folder / "LICENCE.txt", LICENCE_TEXT)
    write_text_atomically(folder / "README.txt", readme_text(rows, seed=seed))
    write_text_atomically(folder / "records.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    write_text_atomically(folder / "manifest.csv", table.getvalue())
    return folder / "manifest.csv"
