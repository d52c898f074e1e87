"""The noun Item: a sound that the library knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from woodshed.base.files import printable

ClassSource = Literal["manifest", "name", "human"]


@dataclass(frozen=True)
class Item:
    """One sound of the library, with everything that is known of it.

    Parameters
    ----------
    content_id
        BLAKE2b of the decoded audio; the same whatever the file is called.
    path, paths
        Where it lies (absolute; bytes that are not UTF-8 as surrogate escapes) and every file that holds it.
        Empty ``paths`` means that no file is known any more; ``path`` is then the last one.
    kind
        ``oneshot``, ``loop``, ``note``, ``recording`` or a word of the manifest.
    class_name, class_source
        What it is, and who says so: ``manifest``, ``name`` (guessed) or ``human``.
    group
        What must never be split between training and held-out: kits joined with their near duplicates.
    kit
        The kit, instrument, song or speaker as named by a manifest, a folder or a person; None where nothing is known.

    Examples
    --------
    >>> item = Item("00ff", "/a/kick.wav", "oneshot", group="808", sample_rate_hz=44100, channels=1, frames=22050)
    >>> item.duration_s
    0.5
    """

    content_id: str
    path: str
    kind: str
    group: str
    sample_rate_hz: int
    channels: int
    frames: int
    class_name: str | None = None
    class_source: ClassSource | None = None
    kit: str | None = None
    bpm: float | None = None
    key: str | None = None
    pitch_midi: float | None = None
    licence: str | None = None
    author: str | None = None
    file_digest: str | None = None
    added_at: str = ""
    paths: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate_hz

    @property
    def name(self) -> str:
        """The file's name, safe to print."""
        return printable(self.path.replace("\\", "/").rpartition("/")[2])

    def as_json(self) -> dict[str, Any]:
        """The item as plain values; paths are made printable."""
        values = asdict(self)
        values["tags"] = dict(self.tags)
        values["path"] = printable(self.path)
        values["paths"] = [printable(path) for path in self.paths]
        values["duration_s"] = round(self.duration_s, 6)
        return values


@dataclass(frozen=True)
class Group:
    """Items that must stay on one side of every split.

    ``kits`` are the named kits that were joined, ``near_pairs`` the number of near-duplicate pairs inside.
    """

    name: str
    content_ids: tuple[str, ...]
    kits: tuple[str, ...]
    near_pairs: int
