"""Turn what is known of rights at scan time into events of the ledger: manifests, and what the person states."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from woodshed.base.errors import UsageError
from woodshed.library.consent import (
    UNKNOWN_OWNER,
    EventKind,
    Ledger,
    Permission,
    Purpose,
    classify_licence,
    default_party,
)
from woodshed.library.consent.events import clean_party, party_key
from woodshed.library.consent.words import purposes_named
from woodshed.library.manifest import ManifestRow

_NOES = (EventKind.REVOKE, EventKind.EXPIRE, EventKind.OPT_OUT)
LEARNING = (Purpose.AI_TRAINING, Purpose.GENERATIVE_TRAINING, Purpose.RESYNTHESISE)


@dataclass(frozen=True)
class Statement:
    """What the person who adds sounds says of their rights."""

    owner: str
    mine: bool = False
    licence: str | None = None
    allow: tuple[Purpose, ...] = ()
    evidence: str | None = None  # digest of a filed document


def make_statement(
    ledger: Ledger,
    *,
    owner: str | None,
    mine: bool,
    licence: str | None,
    evidence: str | os.PathLike[str] | None,
    allow: Iterable[str],
) -> Statement | None:
    """Check the flags of ``library add`` and file the evidence; None if nothing is stated.

    Raises
    ------
    UsageError
        If the flags do not fit together.
    UnknownName
        If a purpose is none of ours.
    """
    words = [word for text in allow for word in text.split(",") if word.strip()]
    purposes = purposes_named(words)
    if not mine and owner is None:
        if licence or evidence or purposes:
            raise UsageError(
                "A licence, evidence or purposes were given, but not whose the sounds are",
                cause="--owner was left out",
                way_out="add --owner NAME, or say --mine if the sounds are your own",
            )
        return None
    if mine and (licence or purposes):
        raise UsageError(
            "--mine already allows everything; a licence or purposes say something else",
            cause="two ways to state consent were mixed",
            way_out="use --mine alone, or --owner with --licence or --allow",
        )
    if not mine and not licence and not purposes:
        raise UsageError(
            f"Nothing says what {owner} allows",
            cause="--owner came without --licence and --allow",
            way_out="add --licence SPDX (for example CC0-1.0), --allow generative-training, or --mine",
        )
    filed = ledger.evidence.file(os.fspath(evidence)) if evidence is not None else None
    name = clean_party(owner) if owner is not None else default_party()
    return Statement(name, mine=mine, licence=licence, allow=purposes, evidence=filed)


class Granting:
    """Writes each fact about rights once: what a party already said of a sound is never said again in its name.

    So a scan repeated with ``--mine`` does not undo a withdrawal. A no that a table says only later is still heard.
    """

    def __init__(self, ledger: Ledger, statement: Statement | None) -> None:
        self._ledger = ledger
        self._statement = statement
        self._said: set[tuple[str, str, str]] = set()  # (party, what, content id)
        for event in ledger.events():
            what = f"licence {event.licence}" if event.kind is EventKind.LICENCE else "word"
            whats = (what, "no") if event.kind in _NOES else (what,)
            self._said.update(
                (party_key(event.party), w, content_id) for w in whats for content_id in event.content_ids
            )

    def record(self, connection: sa.Connection, facts: Sequence[tuple[str, ManifestRow | None]]) -> set[str]:
        """Append the events for some items inside the caller's transaction; returns the items that were spoken for."""
        spoken: set[str] = set()
        by_claim: dict[tuple[str, str | None, str], list[str]] = {}
        for content_id, row in facts:
            if row is not None and (row.licence or row.forbids_training):
                no = row.train_ok or "" if row.forbids_training else ""
                by_claim.setdefault((row.author or UNKNOWN_OWNER, row.licence, no), []).append(content_id)
        for (author, licence, no), content_ids in by_claim.items():
            if licence:
                spoken |= self._state_licence(connection, author, licence, content_ids, note="manifest.csv")
            if no:
                spoken |= self._forbid(connection, author, content_ids, f"manifest.csv: train_ok is {no!r}")
        if self._statement is not None:
            spoken |= self._state(connection, self._statement, [content_id for content_id, _ in facts])
        return spoken

    def _state(self, connection: sa.Connection, statement: Statement, content_ids: Sequence[str]) -> set[str]:
        spoken: set[str] = set()
        if statement.licence:
            spoken |= self._state_licence(
                connection, statement.owner, statement.licence, content_ids, evidence=statement.evidence
            )
        if statement.mine or statement.allow:
            new = self._not_said(statement.owner, "word", content_ids)
            if new and statement.mine:
                self._ledger.grant_mine(
                    content_ids=new, party=statement.owner, evidence=statement.evidence, connection=connection
                )
            elif new:
                permissions = dict.fromkeys(statement.allow, Permission.ALLOWED)
                self._ledger.grant(
                    party=statement.owner,
                    content_ids=new,
                    permissions=permissions,
                    evidence=statement.evidence,
                    connection=connection,
                )
            spoken |= set(new)
        return spoken

    def _state_licence(
        self,
        connection: sa.Connection,
        party: str,
        licence: str,
        content_ids: Sequence[str],
        *,
        evidence: str | None = None,
        note: str = "",
    ) -> set[str]:
        new = self._not_said(party, f"licence {classify_licence(licence).spdx_id}", content_ids)
        if new:
            self._ledger.state_licence(
                party=party,
                content_ids=new,
                licence=licence,
                credit=party,
                evidence=evidence,
                note=note,
                connection=connection,
            )
        return set(new)

    def _forbid(self, connection: sa.Connection, party: str, content_ids: Sequence[str], reason: str) -> set[str]:
        new = self._not_said(party, "no", content_ids)
        self._not_said(party, "word", content_ids)  # a no is a word too
        if new:
            self._ledger.opt_out(party=party, content_ids=new, purposes=LEARNING, reason=reason, connection=connection)
        return set(new)

    def _not_said(self, party: str, what: str, content_ids: Sequence[str]) -> list[str]:
        """The sounds of which the party did not say this yet; they count as said from now on."""
        key = party_key(clean_party(party))
        new = [content_id for content_id in dict.fromkeys(content_ids) if (key, what, content_id) not in self._said]
        self._said.update((key, what, content_id) for content_id in new)
        return new
