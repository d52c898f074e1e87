"""Walk a folder and say for every entry what it is: a file to read, or skipped and why."""

# Paths are text here: whatever bytes the file system allows, kept as they are.
# ruff: noqa: PTH112, PTH114, PTH116, PTH118, PTH119, PTH122, PTH208

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from woodshed.base.files import printable
from woodshed.sound import SOUND_SUFFIXES

SIDE_FILES = frozenset({"manifest.csv"})


@dataclass(frozen=True)
class Skipped:
    """A file or folder that gave no item, and why. ``detail`` tells files of one reason apart."""

    path: str
    reason: str
    detail: str = ""

    def as_json(self) -> dict[str, str]:
        """Plain values; the path is made printable."""
        return {"path": printable(self.path), "reason": self.reason, "detail": self.detail}


@dataclass(frozen=True)
class FoundFile:
    """A file that may hold a sound, with what tells whether it changed."""

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass
class Found:
    """What a walk met; every entry is in exactly one of the lists."""

    files: list[FoundFile] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def walk(folder: str) -> Found:
    """Look at every entry below a folder, or at one file, in a stable order. No file is opened.

    Linked folders are followed once: a loop of links ends with an account, not with a hang.
    """
    found = Found()
    if os.path.isdir(folder):
        _walk_folder(folder, found, entered=set())
    else:
        _sort_entry(folder, found)
    return found


def _walk_folder(folder: str, found: Found, *, entered: set[tuple[int, int]]) -> None:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            state = os.stat(here)
            if (state.st_dev, state.st_ino) in entered and state.st_ino:
                found.skipped.append(Skipped(here, "folder already visited through another link"))
                continue
            entered.add((state.st_dev, state.st_ino))
            names = sorted(os.listdir(here))
        except OSError as error:
            found.skipped.append(Skipped(here, "folder cannot be opened", os.strerror(error.errno or 0)))
            continue
        folders = list(_sort_names(here, names, found))
        waiting.extend(reversed(folders))


def _sort_names(folder: str, names: list[str], found: Found) -> Iterator[str]:
    """Sort the entries of one folder; yields those that are folders to enter."""
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith("."):
            found.skipped.append(Skipped(path, "hidden file or folder"))
        elif os.path.isdir(path):
            yield path
        else:
            _sort_entry(path, found)


def _sort_entry(path: str, found: Found) -> None:
    name = os.path.basename(path)
    suffix = os.path.splitext(name)[1].lower()
    if name.lower() in SIDE_FILES:
        found.manifests.append(path)
        return
    if suffix not in SOUND_SUFFIXES:
        found.skipped.append(Skipped(path, "not a sound file", printable(suffix) or "no ending"))
        return
    try:
        state = os.stat(path)
    except OSError as error:
        reason = "link that leads nowhere" if os.path.islink(path) else "file cannot be opened"
        found.skipped.append(Skipped(path, reason, os.strerror(error.errno or 0)))
        return
    if not stat.S_ISREG(state.st_mode):
        found.skipped.append(Skipped(path, "device or pipe, not a file"))
        return
    found.files.append(FoundFile(path, state.st_size, state.st_mtime_ns))
