"""What is known of a file before anyone listens: a manifest's words first, else what its name says."""

# Paths are text here: whatever bytes the file system allows, kept as they are.
# ruff: noqa: PTH119, PTH120, PTH122, PTH206

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass

from woodshed.base.files import printable
from woodshed.library.items import ClassSource
from woodshed.library.manifest import ManifestRow
from woodshed.library.name_facts import guess_bpm, guess_key, guess_kind
from woodshed.library.names import guess_class, says_how_sorted

_TAKE = re.compile(
    r"(?:[ _.\-]+|(?<=[a-z\d]))(?:rr|vl|vel|velocity|v|take|tk|layer|roundrobin)[ _\-]?\d+", re.IGNORECASE
)
_LEVELS_FOR_NAMES = 3  # folders above a file that may speak about it


@dataclass(frozen=True)
class Facts:
    """What a manifest or a name says of one file."""

    kind: str
    class_name: str | None
    class_source: ClassSource | None
    kit: str | None
    kit_source: ClassSource | None
    bpm: float | None
    key: str | None
    pitch_midi: float | None


def facts_of(path: str, *, root: str, row: ManifestRow | None, duration_s: float, vocabulary: Collection[str]) -> Facts:
    """Gather what is known of one file.

    Parameters
    ----------
    path, root
        The file and the folder that was added; folders above ``root`` do not speak, but its own name does.
    row
        What a manifest says of it.
    duration_s
        Its length.
    vocabulary
        Class names in use in this library.
    """
    parts = _speaking_parts(path, root)
    row = row or ManifestRow()
    bpm = row.bpm if row.bpm is not None else guess_bpm(parts, duration_s=duration_s)
    guess = None if row.class_name else guess_class(parts, vocabulary=vocabulary)
    kit, kit_source = (row.group, "manifest") if row.group else (kit_from_path(path, root=root), "name")
    return Facts(
        kind=row.kind or guess_kind(parts, duration_s=duration_s, bpm=bpm),
        class_name=row.class_name or (guess.class_name if guess else None),
        class_source="manifest" if row.class_name else ("name" if guess else None),
        kit=kit,
        kit_source=kit_source if kit else None,
        bpm=bpm,
        key=row.key or guess_key(parts),
        pitch_midi=row.pitch_midi,
    )


def class_from_path(path: str, *, root: str, vocabulary: Collection[str]) -> str | None:
    """What a file's name and the folders above it say it is; None where they say nothing."""
    guess = guess_class(_speaking_parts(path, root), vocabulary=vocabulary)
    return guess.class_name if guess else None


def kit_from_path(path: str, *, root: str) -> str | None:
    """The kit a file belongs to by its place: the nearest folder that does not merely sort (``Kicks``, ``Loops``).

    Files directly in the added folder, or only in sorting folders, belong to no kit; but takes of one hit
    (``tom_v3_rr2.wav``) belong together.

    Examples
    --------
    >>> kit_from_path("/s/Vol 1/Roland Kit/Kicks/k1.wav", root="/s/Vol 1")
    'Vol 1/Roland Kit'
    >>> kit_from_path("/s/Kicks/k1.wav", root="/s") is None
    True
    >>> kit_from_path("/s/Toms/tom_v3_rr2.wav", root="/s")
    's/Toms/tom'
    """
    root_name = os.path.basename(root.rstrip(os.sep))
    folders = _folders_below(path, root)
    for depth in range(len(folders), 0, -1):
        if not says_how_sorted(folders[depth - 1]):
            return printable("/".join([root_name, *folders[:depth]]))
    stem = os.path.splitext(os.path.basename(path))[0]
    series = _TAKE.sub("", stem)
    return printable("/".join([root_name, *folders, series])) if series and series != stem else None


def _folders_below(path: str, root: str) -> list[str]:
    if path == root:
        return []
    relative = os.path.relpath(os.path.dirname(path), root)
    return [] if relative == "." else relative.split(os.sep)


def _speaking_parts(path: str, root: str) -> list[str]:
    folders = [os.path.basename(root.rstrip(os.sep)), *_folders_below(path, root)] if path != root else []
    return [printable(part) for part in [*folders[-_LEVELS_FOR_NAMES:], os.path.basename(path)]]
