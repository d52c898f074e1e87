"""manifest.csv beside the sounds: what a person or another tool already knows of them."""

# Paths are text here: whatever bytes the file system allows, kept as they are.
# ruff: noqa: PTH113, PTH118, PTH120

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MANIFEST_NAME = "manifest.csv"
MAX_PARENTS = 5

# our word -> the column names that mean it, best first
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "path": ("path", "file", "filename", "file_name", "name"),
    "kind": ("kind", "type"),
    "class": ("class", "class_name", "label", "category", "instrument_class"),
    "group": ("group", "kit", "song", "speaker", "instrument", "pack"),
    "bpm": ("bpm", "tempo"),
    "key": ("key",),
    "pitch_midi": ("pitch_midi", "midi", "pitch", "note"),
    "licence": ("licence", "license", "spdx"),
    "author": ("author", "artist", "creator", "credit", "owner"),
    "train_ok": ("train_ok", "training", "ai_training"),
}


@dataclass(frozen=True)
class ManifestRow:
    """What a manifest says of one file; None where it says nothing. ``tags`` keeps every column as written."""

    kind: str | None = None
    class_name: str | None = None
    group: str | None = None
    bpm: float | None = None
    key: str | None = None
    pitch_midi: float | None = None
    licence: str | None = None
    author: str | None = None
    train_ok: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def forbids_training(self) -> bool:
        """True where ``train_ok`` begins with no."""
        word = (self.train_ok or "").strip().lower()
        return word.startswith(("no", "false", "0", "never"))


@dataclass(frozen=True)
class Manifest:
    """One manifest file: rows by absolute path, and the lines that could not be used."""

    path: str
    rows: Mapping[str, ManifestRow]
    problems: tuple[str, ...] = ()


class Manifests:
    """The manifests that speak of the files below one folder: those inside it, and the nearest one above."""

    def __init__(self, folder: str, inside: Iterable[str]) -> None:
        self.found = [read_manifest(path) for path in inside]
        above = _nearest_above(folder)
        if above is not None:
            self.found.append(above)
        self.found.sort(key=lambda manifest: -manifest.path.count(os.sep))  # the nearest to the file speaks first

    def row(self, path: str) -> ManifestRow | None:
        """What the nearest manifest that lists the file says."""
        return next((m.rows[path] for m in self.found if path in m.rows), None)


def read_manifest(path: str) -> Manifest:
    """Read a manifest: UTF-8, commas, semicolons or tabs; column names in any case and usual synonyms.

    Lines without a path are named in ``problems``; a file that is no table gives no rows and one problem.
    """
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        return Manifest(path, {}, (f"cannot be opened: {os.strerror(error.errno or 0)}",))
    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    try:
        lines = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        return Manifest(path, {}, (f"is not a table ({error})",))
    columns = _columns(lines[0]) if lines else {}
    if "path" not in columns:
        return Manifest(path, {}, ("has no column named path",))
    rows: dict[str, ManifestRow] = {}
    problems: list[str] = []
    inside = _absolute(path, "").rstrip(os.sep) + os.sep
    for number, line in enumerate(lines, start=2):
        name = (line.get(columns["path"]) or "").strip()
        if not name:
            problems.append(f"line {number} names no file")
        elif not (file := _absolute(path, name)).startswith(inside):
            problems.append(f"line {number} names a file outside of its folder")
        else:
            rows[file] = _row(line, columns)
    return Manifest(path, rows, tuple(problems))


def _columns(line: Mapping[str | None, object]) -> dict[str, str]:
    written = {str(name).strip().lower(): str(name) for name in line if name is not None}
    found: dict[str, str] = {}
    for word, names in _COLUMNS.items():
        for name in names:
            if name in written:
                found[word] = written[name]
                break
    return found


def _absolute(manifest: str, name: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(manifest), *name.replace("\\", "/").split("/")))


def _row(line: Mapping[str, str | None], columns: Mapping[str, str]) -> ManifestRow:
    def text(word: str) -> str | None:
        value = line.get(columns[word]) if word in columns else None
        return _readable(value.strip()) or None if isinstance(value, str) else None

    return ManifestRow(
        kind=text("kind"),
        class_name=text("class"),
        group=text("group"),
        bpm=_number(text("bpm"), low=20.0, high=999.0),
        key=text("key"),
        pitch_midi=_number(text("pitch_midi"), low=0.0, high=127.0),
        licence=text("licence"),
        author=text("author"),
        train_ok=text("train_ok"),
        tags={str(k): v for k, v in line.items() if isinstance(v, str) and v.strip()},
    )


def _readable(text: str) -> str:
    """The text, or what a table of an older Windows program meant by bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return text


def _number(text: str | None, *, low: float, high: float) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and low <= value <= high else None


def _nearest_above(folder: str) -> Manifest | None:
    """The nearest manifest above a folder, within a few levels, if it speaks of anything inside the folder."""
    inside = folder.rstrip(os.sep) + os.sep
    here = os.path.dirname(folder)
    for _ in range(MAX_PARENTS):
        candidate = os.path.join(here, MANIFEST_NAME)
        if os.path.isfile(candidate):
            manifest = read_manifest(candidate)
            if any(path == folder or path.startswith(inside) for path in manifest.rows):
                return manifest
        if os.path.dirname(here) == here:
            break
        here = os.path.dirname(here)
    return None
