"""Keep the catalogue true: check that sounds are where they were, and follow folders that were moved."""

# Paths are text here: whatever bytes the file system allows, kept as they are.
# ruff: noqa: PTH116

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from woodshed.base.errors import LibraryError, UsageError
from woodshed.base.events import EventSink, Progress
from woodshed.base.files import file_digest, printable
from woodshed.library import catalogue
from woodshed.library.catalogue import Place
from woodshed.library.consent import Ledger
from woodshed.library.hearing import Task, hear
from woodshed.library.store import reading, writing
from woodshed.library.tables import PLACE


@dataclass
class VerifyReport:
    """What ``verify`` found.

    ``missing`` files are gone; ``touched`` ones have another size or time (scan again to see what they hold);
    ``changed`` ones were read and hold another sound; ``homeless`` items have no file left. ``events`` is the length
    of the ledger, which was checked whole.
    """

    items: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    homeless: list[str] = field(default_factory=list)
    events: int = 0
    deep: bool = False

    @property
    def whole(self) -> bool:
        """True where every known file is there and as it was."""
        return not (self.missing or self.touched or self.changed or self.homeless)

    def as_json(self) -> dict[str, Any]:
        """Plain values; paths are made printable."""
        paths = {name: [printable(path) for path in getattr(self, name)] for name in ("missing", "touched", "changed")}
        counts = {"items": self.items, "files": self.files, "events": self.events, "deep": self.deep}
        return {"whole": self.whole, **counts, **paths, "homeless": self.homeless}


@dataclass
class RelocateReport:
    """What ``relocate`` did: files that were found at their new place, and those that were not."""

    moved: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, list[str]]:
        """Plain values; paths are made printable."""
        return {name: [printable(path) for path in getattr(self, name)] for name in ("moved", "not_found", "different")}


def verify_places(engine: sa.Engine, ledger: Ledger, *, deep: bool, on_event: EventSink) -> VerifyReport:
    """Check the library file, the ledger, and every known file; ``deep`` reads all audio again.

    Raises
    ------
    LibraryError
        If the library file is damaged.
    LedgerDamaged
        If the chain of consent does not add up.
    """
    with reading(engine) as connection:
        fault = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        places = [place for place in catalogue.read_places(connection).values() if place.content_id]
        ids = {content_id for (content_id,) in connection.execute(sa.select(catalogue.ITEM.c.content_id))}
    if fault != "ok":
        raise LibraryError(
            f"The library file is damaged ({fault})",
            cause="a failing disk, or a copy that was stopped",
            way_out="restore it from a backup, or add the folders to a new workspace",
        )
    report = VerifyReport(items=len(ids), files=len(places), deep=deep)
    report.events = ledger.verify().events
    for done, place in enumerate(places, start=1):
        _check(place, report, deep=deep)
        if done % 64 == 0 or done == len(places):
            on_event(Progress(stage="checking files", done=done, total=len(places), unit="files"))
    lost = {*report.missing, *report.changed}
    report.homeless = sorted(ids - {place.content_id for place in places if place.path not in lost})
    return report


def _check(place: Place, report: VerifyReport, *, deep: bool) -> None:
    try:
        state = os.stat(place.path)
    except OSError:
        report.missing.append(place.path)
        return
    if deep:
        heard = hear(Task(place.path, state.st_size, state.st_mtime_ns))
        if heard.content_id != place.content_id:
            report.changed.append(place.path)
    elif (state.st_size, state.st_mtime_ns) != (place.size_bytes, place.mtime_ns):
        report.touched.append(place.path)


def relocate_places(engine: sa.Engine, old: str, new: str) -> RelocateReport:
    """Follow a folder (or file) that was moved: every file is looked for at its new place and recognised there.

    A file counts as the same if its size and time, or else its bytes, are as before. Nothing is decoded.

    Raises
    ------
    UsageError
        If the library knows nothing below ``old``.
    """
    inside = old.rstrip(os.sep) + os.sep
    with reading(engine) as connection:
        places = catalogue.read_places(connection).values()
    known = [place for place in places if place.content_id and (place.path == old or place.path.startswith(inside))]
    if not known:
        raise UsageError(
            f"The library knows no sound below {printable(old)}",
            cause="a typing slip, or the folder was never added",
            way_out="look at `woodshed library ls` for the paths it knows",
        )
    report = RelocateReport()
    moves = [(place, new + place.path[len(old.rstrip(os.sep)) :]) for place in known]
    found = [(place, target) for place, target in moves if _same_file(place, target, report)]
    _move(engine, found)
    report.moved = [target for _, target in found]
    return report


def _same_file(place: Place, target: str, report: RelocateReport) -> bool:
    try:
        state = os.stat(target)
    except OSError:
        report.not_found.append(target)
        return False
    if state.st_size == place.size_bytes and (
        state.st_mtime_ns == place.mtime_ns or file_digest(target) == place.file_digest
    ):
        return True
    report.different.append(target)
    return False


def _move(engine: sa.Engine, found: Iterable[tuple[Place, str]]) -> None:
    with writing(engine) as connection:
        for place, target in found:
            connection.execute(PLACE.delete().where(PLACE.c.path == target))
            mtime_ns = os.stat(target).st_mtime_ns
            values = {"path": target, "mtime_ns": mtime_ns}
            connection.execute(PLACE.update().where(PLACE.c.path == place.path).values(**values))
