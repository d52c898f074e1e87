"""One scan of a folder: walk, listen to what changed, write in small batches, record consent, compare.

A batch of files, their places and their events in the ledger land in one transaction; progress is reported after it
landed. What was reported survives whatever happens next.
"""

# Paths are text here: whatever bytes the file system allows, kept as they are.
# ruff: noqa: PTH100, PTH110

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from woodshed.base.errors import UsageError
from woodshed.base.events import EventSink, Note, Progress
from woodshed.base.files import printable
from woodshed.library import catalogue
from woodshed.library.comparing import compare_pending
from woodshed.library.consent import Ledger, Purpose
from woodshed.library.facts import class_from_path, facts_of, kit_from_path
from woodshed.library.granting import Granting, Statement
from woodshed.library.hearers import hear_all
from woodshed.library.hearing import Heard, Task, hear
from woodshed.library.manifest import ManifestRow, Manifests
from woodshed.library.scan_report import ScanReport
from woodshed.library.store import reading, writing
from woodshed.library.tables import ITEM, PLACE
from woodshed.library.walk import Found, FoundFile, Skipped, walk

_FEW_UNCLASSED = 0.02  # of the one-shots: not worth a word
FEW_LOOSE = 10  # fewer sounds than these hold nothing out
BATCH_FILES = 64
BATCH_S = 0.5


class Scan:
    """One scan; made by ``Library.add``."""

    def __init__(
        self, engine: sa.Engine, ledger: Ledger, folder: str, *, statement: Statement | None, on_event: EventSink
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._folder = os.path.abspath(folder)
        self._on_event = on_event
        self._statement = statement
        self._report = ScanReport(self._folder)
        self._on_disk: dict[str, str] = {}  # path -> content id, for every sound of the folder
        self._rows: dict[str, ManifestRow | None] = {}

    def run(self, *, jobs: int | None) -> ScanReport:
        """Scan; see ``Library.add``."""
        started = time.monotonic()
        if not os.path.lexists(self._folder):
            raise UsageError(
                f"{printable(self._folder)} is not there",
                cause="a typing slip, or the disk is not mounted",
                way_out="check the path",
            )
        found = walk(self._folder)
        self._report.skipped += found.skipped
        with reading(self._engine) as connection:
            self._places = catalogue.read_places(connection)
            self._vocabulary = catalogue.read_vocabulary(connection)
        self._read_manifests(found)
        self._granting = Granting(self._ledger, self._statement)
        tasks = self._tasks(found.files)
        self._listen(tasks, jobs=jobs)
        self._finish(found)
        self._report.seconds = time.monotonic() - started
        return self._report

    def _read_manifests(self, found: Found) -> None:
        self._manifests = Manifests(self._folder, found.manifests)
        for manifest in self._manifests.found:
            listed = {row.class_name for row in manifest.rows.values() if row.class_name}
            self._vocabulary |= listed
            self._report.problems += [f"{printable(manifest.path)} {problem}" for problem in manifest.problems]
        for problem in self._report.problems[:5]:
            self._on_event(Note(level="warning", text=problem))

    def _tasks(self, files: Sequence[FoundFile]) -> list[Task]:
        """What must be listened to; the rest is accounted for at once."""
        vanished = self._vanished_digests({file.path for file in files})
        tasks = []
        for file in files:
            self._rows[file.path] = self._manifests.row(file.path)
            place = self._places.get(file.path)
            if place is None or (place.size_bytes, place.mtime_ns) != (file.size_bytes, file.mtime_ns):
                tasks.append(Task(file.path, file.size_bytes, file.mtime_ns, vanished.get(file.size_bytes, {})))
            elif place.content_id is not None:
                self._report.unchanged += 1
                self._on_disk[file.path] = place.content_id
            else:
                self._report.skipped.append(Skipped(file.path, place.reason or "unknown"))
        return tasks

    def _vanished_digests(self, present: set[str]) -> dict[int, dict[str, str]]:
        """size -> file digest -> content id, of known files that are gone: a renamed file need not be decoded."""
        gone: dict[int, dict[str, str]] = {}
        for place in self._places.values():
            if place.content_id and place.file_digest and place.path not in present and not os.path.exists(place.path):
                gone.setdefault(place.size_bytes, {})[place.file_digest] = place.content_id
        return gone

    # listening

    def _listen(self, tasks: Sequence[Task], *, jobs: int | None) -> None:
        total_bytes = sum(task.size_bytes for task in tasks)
        started, done_files, done_bytes = time.monotonic(), 0, 0
        with contextlib.closing(hear_all(tasks, jobs=jobs)) as answers:
            for batch in _batches(answers):
                self._commit(batch)
                done_files += len(batch)
                done_bytes += sum(heard.size_bytes for heard in batch)
                elapsed = time.monotonic() - started
                left = elapsed * (total_bytes - done_bytes) / done_bytes if done_bytes else None
                self._on_event(
                    Progress(stage="reading sounds", done=done_files, total=len(tasks), unit="files", seconds_left=left)
                )

    def _commit(self, batch: Sequence[Heard]) -> None:
        """One batch lands, or nothing of it; only then is it counted."""
        counted: list[tuple[str, Heard]] = []
        with writing(self._engine) as connection:
            for heard in batch:
                counted.append(self._settle(connection, heard))
            sounding = [heard for _, heard in counted if heard.content_id is not None]
            facts = [(heard.content_id or "", self._rows.get(heard.path)) for heard in sounding]
            spoken = self._granting.record(connection, facts)
        self._report.consented += len(spoken)
        for outcome, heard in counted:
            self._count(outcome, heard)

    def _settle(self, connection: sa.Connection, heard: Heard) -> tuple[str, Heard]:
        """Write one answer; says what became of the file."""
        if heard.content_id is None:
            catalogue.put_place(connection, heard)
            return "skipped", heard
        outcome = "known"
        if heard.decoded:
            row = self._rows.get(heard.path)
            duration_s = heard.frames / heard.sample_rate_hz
            facts = facts_of(heard.path, root=self._folder, row=row, duration_s=duration_s, vocabulary=self._vocabulary)
            if catalogue.insert_item(connection, heard, facts, row):
                outcome = "added"
        elif not catalogue.existing_ids(connection, [heard.content_id]):  # removed since; listen after all
            return self._settle(connection, hear(Task(heard.path, heard.size_bytes, heard.mtime_ns)))
        if outcome == "known":
            outcome = self._how_known(connection, heard)
        catalogue.put_place(connection, heard)
        return outcome, heard

    def _how_known(self, connection: sa.Connection, heard: Heard) -> str:
        """A known sound in a file that is new or changed: renamed, retagged, or one more copy."""
        query = sa.select(PLACE.c.path).where(PLACE.c.content_id == heard.content_id)
        paths = [path for (path,) in connection.execute(query)]
        if heard.path in paths:
            before = self._places.get(heard.path)
            return "retagged" if before is not None else "unchanged"  # the other scan wrote it a moment ago
        gone = [path for path in paths if not os.path.exists(path)]
        catalogue.drop_places(connection, gone)
        return "renamed" if gone or not paths else "copies"

    def _count(self, outcome: str, heard: Heard) -> None:
        report = self._report
        report.decoded += heard.decoded
        if heard.content_id is None:
            report.skipped.append(Skipped(heard.path, heard.reason or "unknown", heard.detail))
            return
        self._on_disk[heard.path] = heard.content_id
        if outcome == "unchanged":
            report.unchanged += 1
        elif outcome == "added":
            report.added.append(heard.content_id)
        else:
            getattr(report, outcome).append(heard.path)

    # afterwards

    def _finish(self, found: Found) -> None:
        self._update_known()
        self._report.missing = self._missing({file.path for file in found.files})
        self._report.near_pairs = compare_pending(self._engine, on_event=self._on_event)
        self._tell_loose()
        self._tell_unclassed()
        decisions = self._ledger.decide(set(self._on_disk.values()), Purpose.GENERATIVE_TRAINING)
        self._report.without_consent = sum(not decision.owners for decision in decisions.values())
        if self._report.without_consent:
            self._on_event(
                Note(
                    level="warning",
                    text=f"{self._report.without_consent} sounds have no owner yet and may not be used to learn; "
                    "say --mine, or --owner NAME --licence SPDX",
                )
            )

    def _tell_loose(self) -> None:
        """Say so where most sounds name no kit, so that nothing but near duplicates is kept together."""
        ids = set(self._on_disk.values())
        with reading(self._engine) as connection:
            self._report.loose = len(catalogue.loose_ids(connection) & ids)
        if self._report.loose >= max(FEW_LOOSE, len(ids) / 2):
            self._on_event(
                Note(
                    level="warning",
                    text=f"{self._report.loose} of {len(ids)} sounds name no kit: each is a group of its own, so "
                    "sounds of one kit may be learned from and held out at once, and figures flatter. Put every kit "
                    "into a folder of its own, or write its name into the column group of a manifest.csv, and add the "
                    "folder again; sounds that have nothing to do with each other may stay",
                )
            )

    def _tell_unclassed(self) -> None:
        """Say how many one-shots have no class, where these are many: nobody can ask for them by it."""
        ids = set(self._on_disk.values())
        with reading(self._engine) as connection:
            shots = catalogue.one_shots(connection)
        mine = {content_id: class_name for content_id, class_name in shots.items() if content_id in ids}
        unclassed = {content_id for content_id, class_name in mine.items() if class_name is None}
        self._report.unclassed = len(unclassed)
        if len(unclassed) <= _FEW_UNCLASSED * len(mine):
            return
        named = next(path for path, content_id in sorted(self._on_disk.items()) if content_id in unclassed)
        self._on_event(
            Note(
                level="warning",
                text=f"{len(unclassed)} of {len(mine)} one-shots have no class, for example "
                f"{printable(Path(named).name)}: neither their names nor their folders say what they are. They are "
                "learned from, but cannot be asked for by class. Put each kind into a folder of its name (Kicks, "
                "Snares), write the column class of a manifest.csv and add the folder again, or: woodshed library "
                "relabel SOUND --class NAME",
            )
        )

    def _missing(self, present: set[str]) -> list[str]:
        """Files of earlier scans of this folder that are gone and were not found under another name."""
        inside = self._folder.rstrip(os.sep) + os.sep
        with reading(self._engine) as connection:
            places = catalogue.read_places(connection)
        gone = [p.path for p in places.values() if p.content_id and p.path.startswith(inside) and p.path not in present]
        return sorted(path for path in gone if not os.path.exists(path))

    def _update_known(self) -> None:
        """Bring words of manifests and stated consent to items that were known before."""
        with reading(self._engine) as connection:
            columns = (ITEM.c.content_id, ITEM.c.class_name, ITEM.c.class_source, ITEM.c.kit, ITEM.c.kit_source)
            known = {row["content_id"]: row for row in connection.execute(sa.select(*columns)).mappings()}
        spoken_for: set[str] = set()  # of several copies, the first that a manifest names, else the first by path
        changes: list[tuple[str, dict[str, object]]] = []
        with_rows_first = sorted(self._on_disk.items(), key=lambda pair: (self._rows.get(pair[0]) is None, pair[0]))
        for path, content_id in with_rows_first:
            row, item = self._rows.get(path), known.get(content_id)
            if item is None or content_id in spoken_for:
                continue
            if row is not None:
                spoken_for.add(content_id)
            values = self._by_place(path, item) | _changed_words(row, item)
            if values:
                spoken_for.add(content_id)
                changes.append((content_id, values))
        facts = [(content_id, self._rows.get(path)) for path, content_id in self._on_disk.items()]
        with writing(self._engine) as connection:
            for content_id, values in changes:
                catalogue.update_item(connection, content_id, values)
            self._report.consented += len(self._granting.record(connection, facts))
        self._report.relabelled = len(changes)

    def _by_place(self, path: str, item: sa.RowMapping) -> dict[str, object]:
        """Of a sound that had no kit or no class so far: what the place where it lies now says."""
        values: dict[str, object] = {}
        if item["kit"] is None and (kit := kit_from_path(path, root=self._folder)):
            values |= {"kit": kit, "kit_source": "name"}
        if item["class_name"] is None:
            class_name = class_from_path(path, root=self._folder, vocabulary=self._vocabulary)
            values |= {"class_name": class_name, "class_source": "name"} if class_name else {}
        return values


def _changed_words(row: ManifestRow | None, item: sa.RowMapping) -> dict[str, object]:
    """What a manifest says otherwise now."""
    values: dict[str, object] = {}
    if row is None:
        return values
    if row.class_name and item["class_source"] != "human" and item["class_name"] != row.class_name:
        values |= {"class_name": row.class_name, "class_source": "manifest"}
    if row.group and item["kit_source"] != "human" and item["kit"] != row.group:
        values |= {"kit": row.group, "kit_source": "manifest"}
    return values


def _batches(answers: Iterator[Heard]) -> Iterator[list[Heard]]:
    """Answers in batches of a few files or half a second."""
    batch: list[Heard] = []
    started = time.monotonic()
    for heard in answers:
        batch.append(heard)
        if len(batch) >= BATCH_FILES or time.monotonic() - started >= BATCH_S:
            yield batch
            batch, started = [], time.monotonic()
    if batch:
        yield batch
