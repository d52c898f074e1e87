"""The library: sounds we may use, and what we know of them."""

# Paths are text here: whatever bytes the file system allows, kept as they are.
# ruff: noqa: PTH100, PTH110, PTH119

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa

from woodshed.base.errors import LibraryError, UnknownName, UnusableSound, UsageError, near_names
from woodshed.base.events import EventSink, ignore
from woodshed.base.files import printable
from woodshed.library import catalogue
from woodshed.library.comparing import compare_pending, read_fingerprints
from woodshed.library.consent import Decision, Ledger, Purpose
from woodshed.library.consent.words import Explanation, explain
from woodshed.library.granting import make_statement
from woodshed.library.grouping import group_names
from woodshed.library.items import Group, Item
from woodshed.library.opt_outs import refused_by_likeness
from woodshed.library.query import parse_query
from woodshed.library.scan import Scan
from woodshed.library.scan_report import ScanReport
from woodshed.library.split import Split, split_items
from woodshed.library.store import open_store, reading, writing
from woodshed.library.tables import NEAR
from woodshed.library.training_set import TrainingSet, make_training_set
from woodshed.library.upkeep import RelocateReport, VerifyReport, relocate_places, verify_places
from woodshed.sound import Sound, read_sound

LIBRARY_FILE = "library.sqlite"


class Library:
    """One file that knows sounds, where they lie, and what their owners allow. The sounds themselves stay in place.

    Parameters
    ----------
    folder_or_file
        A folder (the file is then ``library.sqlite`` in it) or the path of a ``.sqlite`` or ``.db`` file.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from woodshed.sound import Sound, write_sound
    >>> home = Path(tempfile.mkdtemp())
    >>> _ = write_sound(home / "sounds" / "Kick_01.wav", Sound(np.sin(np.arange(4410) / 20), 44100))
    >>> library = Library(home)
    >>> len(library.add(home / "sounds", mine=True).added)
    1
    >>> [item.class_name for item in library.items("class:kick")]
    ['kick']
    >>> len(library.training_set("all", purpose=Purpose.GENERATIVE_TRAINING))
    1
    """

    def __init__(self, folder_or_file: str | os.PathLike[str]) -> None:
        path = Path(folder_or_file)
        self.path = path if path.suffix in (".sqlite", ".db") else path / LIBRARY_FILE
        self.engine: sa.Engine = open_store(self.path)
        self.ledger = Ledger(self.engine)

    # sounds in

    def add(
        self,
        folder: str | os.PathLike[str],
        *,
        owner: str | None = None,
        mine: bool = False,
        licence: str | None = None,
        evidence: str | os.PathLike[str] | None = None,
        allow: Iterable[str] = (),
        jobs: int | None = None,
        on_event: EventSink = ignore,
    ) -> ScanReport:
        """Scan a folder (or one file): what is new or changed is listened to, the rest is not opened.

        Parameters
        ----------
        folder
            Folders below it are scanned too, linked ones once.
        owner, mine, licence, evidence, allow
            Whose the sounds are and what that person allows: ``mine=True``, or an ``owner`` with a ``licence`` (SPDX)
            and purposes they ``allow`` beyond it; ``evidence`` is a document that is filed.
        jobs
            Processes that listen; all cores unless given.

        Raises
        ------
        UsageError
            If the folder is not there or the statements do not fit together.
        DiskProblem
            If the library file cannot grow; what was reported is kept.
        """
        statement = make_statement(self.ledger, owner=owner, mine=mine, licence=licence, evidence=evidence, allow=allow)
        return Scan(self.engine, self.ledger, os.fspath(folder), statement=statement, on_event=on_event).run(jobs=jobs)

    # asking

    def items(self, query: str = "") -> list[Item]:
        """The items that a query chooses, by path. The words are those of ``parse_query``."""
        with reading(self.engine) as connection:
            items = catalogue.read_items(connection)
        parsed = parse_query(query, classes={item.class_name for item in items if item.class_name})
        chosen = [item for item in items if parsed.matches(item)]
        if parsed.owners:
            decisions = self.ledger.decide([item.content_id for item in chosen], Purpose.GENERATIVE_TRAINING)
            chosen = [item for item in chosen if parsed.matches_owner(decisions[item.content_id].owners)]
        return chosen

    def item(self, name: str) -> Item:
        """One item by content id, the beginning of one (6 digits or more), a path, or a file name.

        Raises
        ------
        UnknownName
            If there is none, or more than one.
        """
        items = self.items()
        absolute = os.path.abspath(name)
        found = [item for item in items if absolute in item.paths or absolute == item.path]
        if not found and len(name) >= 6:
            found = [item for item in items if item.content_id.startswith(name.lower())]
        if not found:
            found = [
                item
                for item in items
                if os.path.basename(name) == name and name in (os.path.basename(item.path), item.name)
            ]
        if len(found) != 1:
            near = [item.content_id[:12] for item in found]
            near = near or near_names(os.path.basename(name), [item.name for item in items])
            noun, if_none = "sound" if not found else "single sound", "woodshed library ls shows those it knows"
            raise UnknownName(noun, printable(name), known=near, if_none=if_none)
        return found[0]

    def name_of(self, content_id: str) -> str:
        """The file name of an item, or the beginning of its id if it is no longer in the library."""
        with reading(self.engine) as connection:
            path = catalogue.read_path(connection, content_id)
        return printable(os.path.basename(path)) if path is not None else content_id[:12]

    def sound(self, item: Item | str) -> Sound:
        """Read an item's audio and check that it is still the sound the library knows.

        Raises
        ------
        LibraryError
            If none of its files holds that sound any more.
        UnreadableSound
            If the only file there is cannot be read.
        """
        known = item if isinstance(item, Item) else self.item(item)
        places = [path for path in known.paths if os.path.exists(path)]
        if not places:
            raise LibraryError(
                f"{known.name} is not where it was",
                cause="it was moved, renamed or deleted, or its disk is not mounted",
                way_out="add its folder again, or type woodshed library relocate OLD NEW",
            )
        for path in places:
            sound = read_sound(path)
            if sound.content_id == known.content_id:
                return sound
        raise UnusableSound(
            f"{known.name} has changed since it was added",
            cause="it was edited or replaced by another sound",
            way_out="add its folder again; the new sound then needs its own consent",
        )

    def fingerprint_text(self, item: Item | str) -> str:
        """An item's fingerprint as text, for an opt-out list that reaches every copy of the recording."""
        known = item if isinstance(item, Item) else self.item(item)
        return read_fingerprints(self.engine, [known.content_id])[known.content_id].to_text()

    def groups(self) -> list[Group]:
        """What must never be split, the largest first."""
        compare_pending(self.engine)
        members: dict[str, list[Item]] = {}
        for item in self.items():
            members.setdefault(item.group, []).append(item)
        with reading(self.engine) as connection:
            near = connection.execute(sa.select(NEAR.c.first_id)).scalars().all()
        of_item = {item.content_id: name for name, items in members.items() for item in items}
        pairs: dict[str, int] = {}
        for first_id in near:
            pairs[of_item[first_id]] = pairs.get(of_item[first_id], 0) + 1
        groups = [
            Group(
                name,
                tuple(item.content_id for item in items),
                tuple(sorted({item.kit for item in items if item.kit})),
                pairs.get(name, 0),
            )
            for name, items in members.items()
        ]
        return sorted(groups, key=lambda group: (-len(group.content_ids), group.name))

    def near_duplicates(self) -> list[tuple[str, str, float]]:
        """Pairs of content ids that hold the same recording, and how well their waves agree (0 to 1)."""
        compare_pending(self.engine)
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(sa.select(NEAR).order_by(NEAR.c.agreement.desc()))]

    # choosing

    def split(self, items: Iterable[Item], *, held_out: float = 0.2, seed: int) -> Split:
        """Split items by group into training and held-out; see ``split_items``."""
        compare_pending(self.engine)
        wanted = {item.content_id for item in items}
        fresh = [item for item in self.items() if item.content_id in wanted]  # groups may have grown meanwhile
        near = [(a, b) for a, b, _ in self.near_duplicates()]
        finer = group_names(dict.fromkeys((item.content_id for item in fresh), None), near)
        return split_items(fresh, held_out=held_out, seed=seed, finer=finer)

    def decisions(self, content_ids: Collection[str], purpose: Purpose | str) -> Mapping[str, Decision]:
        """What may be done with some items now; an opt-out reaches near duplicates and sounds that are alike."""
        decisions = self.ledger.decide(content_ids, purpose)
        return decisions | refused_by_likeness(self.engine, self.ledger, decisions)

    def explain(self, content_id: str, purpose: Purpose | str) -> Explanation:
        """Why a sound may or may not be used now, opt-outs of the same recording included."""
        decision = self.decisions([content_id], purpose)[content_id]
        return explain(decision, self.ledger.events(content_id=content_id))

    def uses(self, item: Item) -> dict[str, str]:
        """What one item may be used for now: purpose to allowed, constrained or not-allowed."""
        each = {purpose: self.decisions([item.content_id], purpose)[item.content_id] for purpose in Purpose}
        return {purpose.value: decision.permission.value for purpose, decision in each.items()}

    def training_set(
        self,
        query: str = "all",
        *,
        purpose: Purpose,
        sample_rate_hz: int | None = None,
        channels: int | None = None,
        exclude: Collection[str] = (),
        include: Collection[str] | None = None,
        on_event: EventSink = ignore,
    ) -> TrainingSet:
        """The chosen items that a purpose may use now.

        Parameters
        ----------
        query
            Which items.
        purpose
            What they are to be used for.
        sample_rate_hz
            The rate they are converted to; the most common one of them unless given.
        channels
            1 or 2 converts all; None keeps each as it is.
        exclude
            Content ids to leave out.
        include
            Only these content ids, of those the query chooses; all of them unless given.
        """
        compare_pending(self.engine)
        left_out, wanted = set(exclude), None if include is None else set(include)
        items = [
            item
            for item in self.items(query)
            if item.content_id not in left_out and (wanted is None or item.content_id in wanted)
        ]
        return make_training_set(
            self,
            items,
            query=query,
            purpose=Purpose(purpose),
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            on_event=on_event,
        )

    # upkeep

    def relabel(
        self, item: Item | str, *, class_name: str | None = None, group: str | None = None, kind: str | None = None
    ) -> Item:
        """Correct what an item is; a person's word stands above manifests and guesses from then on."""
        known = item if isinstance(item, Item) else self.item(item)
        values: dict[str, object] = {}
        if class_name is not None:
            values |= {"class_name": _word(class_name), "class_source": "human"}
        if group is not None:
            values |= {"kit": _word(group), "kit_source": "human"}
        if kind is not None:
            values["kind"] = _word(kind)
        if not values:
            raise UsageError(
                "Nothing was to be changed", cause="no new word was given", way_out="give --class or --group"
            )
        with writing(self.engine) as connection:
            catalogue.update_item(connection, known.content_id, values)
        return next(fresh for fresh in self.items() if fresh.content_id == known.content_id)

    def remove(self, query: str) -> list[Item]:
        """Take items out of the catalogue; files stay where they are, and the ledger remembers."""
        if not query.strip():
            raise UsageError(
                "An empty query would remove everything",
                cause="the query was left out",
                way_out="say all if you mean all",
            )
        chosen = self.items(query)
        with writing(self.engine) as connection:
            catalogue.delete_items(connection, [item.content_id for item in chosen])
        return chosen

    def relocate(self, old: str | os.PathLike[str], new: str | os.PathLike[str]) -> RelocateReport:
        """Tell the library that a folder was moved; see ``relocate_places``."""
        return relocate_places(self.engine, os.path.abspath(old), os.path.abspath(new))

    def verify(self, *, deep: bool = False, on_event: EventSink = ignore) -> VerifyReport:
        """Check the file, the ledger and that the sounds are where they were; see ``verify_places``."""
        return verify_places(self.engine, self.ledger, deep=deep, on_event=on_event)


def _word(text: str) -> str:
    cleaned = " ".join(text.split())
    if not cleaned or not cleaned.isprintable():
        raise UsageError(
            f"{text!r} is no name", cause="it is empty or holds control characters", way_out="use a plain word"
        )
    return cleaned
