"""Items that one purpose may use now, as sounds, with their papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from woodshed.base.errors import ConsentRefused, LibraryError, SoundError, UsageError
from woodshed.base.events import EventSink, Note, ignore
from woodshed.library.consent import UNKNOWN_OWNER, Decision, Purpose
from woodshed.library.items import Item
from woodshed.library.training_manifest import ManifestItem, RefusedItem, TrainingManifest, merkle_root
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.library.library import Library

_KEY = object()  # only this room makes training sets


@dataclass(frozen=True)
class TrainingSound:
    """One sound of a training set, converted as its manifest says."""

    item: Item
    sound: Sound


class TrainingSet:
    """The only thing a trainer takes: made by ``Library.training_set``, after asking the ledger.

    Iterating asks the ledger again for every sound, so one that was withdrawn or whose grant ran out meanwhile never
    comes out; one whose file changed or went away is left out with a note. Both are then in ``left_out``.
    """

    def __init__(
        self,
        key: object,
        *,
        library: Library,
        items: Sequence[Item],
        refused: Sequence[Decision],
        purpose: Purpose,
        query: str,
        sample_rate_hz: int,
        channels: int | None,
        head: str,
        decisions: Mapping[str, Decision],
        on_event: EventSink = ignore,
    ) -> None:
        if key is not _KEY:
            raise UsageError(
                "A training set cannot be made by hand",
                cause="only the library knows what its owners allow",
                way_out="use Library.training_set(query, purpose=...)",
            )
        self._library = library
        self._head = head
        self._decisions = dict(decisions)
        self._on_event = on_event
        self.items = tuple(items)
        self.refused = list(refused)
        self.purpose = purpose
        self.query = query
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.left_out: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[TrainingSound]:
        yielded = 0
        for item in self.items:
            sound = self._sound(item)
            if sound is not None and self._allowed(item):  # asked last: reading takes time
                yielded += 1
                yield TrainingSound(item, sound)
        if self.items and not yielded:
            raise self._nothing_left()

    def _nothing_left(self) -> ConsentRefused | LibraryError:
        refused = any(not self._decisions[item.content_id].allowed for item in self.items)
        return (ConsentRefused if refused else LibraryError)(
            f"None of the {len(self.items)} chosen sounds may or can be used any more",
            cause="; ".join(sorted(set(self.left_out.values()))[:3]),
            way_out="look at woodshed consent explain SOUND and woodshed library verify",
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names of the items, sorted; items without a class are not named."""
        return tuple(sorted({item.class_name for item in self.items if item.class_name}))

    def read(self, content_id: str) -> TrainingSound:
        """One sound by its id, under the same rules as iterating.

        Raises
        ------
        ConsentRefused
            If it is not in the set, or the ledger does not allow it now.
        """
        item = next((item for item in self.items if item.content_id == content_id), None)
        if item is None or not self._allowed(item):
            decision = self._decisions.get(content_id)
            raise ConsentRefused(
                f"The sound {content_id[:12]} may not be used for {self.purpose}",
                cause=decision.rule if decision and not decision.allowed else "it is not in this training set",
                way_out=decision.way_out if decision and decision.way_out else "choose it with another query",
            )
        sound = converted(self._library.sound(item), sample_rate_hz=self.sample_rate_hz, channels=self.channels)
        return TrainingSound(item, sound)

    def subset(self, content_ids: Collection[str]) -> TrainingSet:
        """The same set with only these items, for example one side of a split; rate and channels stay."""
        wanted = set(content_ids)
        return TrainingSet(
            _KEY,
            library=self._library,
            items=[item for item in self.items if item.content_id in wanted],
            refused=self.refused,
            purpose=self.purpose,
            query=self.query,
            sample_rate_hz=self.sample_rate_hz,
            channels=self.channels,
            head=self._head,
            decisions=self._decisions,
            on_event=self._on_event,
        )

    def manifest(self) -> TrainingManifest:
        """The papers of the set as it stands now; what was left out meanwhile is among the refused."""
        self._ask_again()
        kept = [i for i in self.items if self._decisions[i.content_id].allowed and i.content_id not in self.left_out]
        withdrawn = [self._decisions[item.content_id] for item in self.items]
        refused = [decision for decision in [*self.refused, *withdrawn] if not decision.allowed]
        pages = [_refused_page(decision, self._library.name_of(decision.content_id)) for decision in refused]
        known = {page.content_id for page in pages}
        pages += [
            RefusedItem(content_id=i, path_name=self._library.name_of(i), rule=reason)
            for i, reason in self.left_out.items()
            if i not in known
        ]
        return TrainingManifest(
            purpose=self.purpose,
            query=self.query,
            sample_rate_hz=self.sample_rate_hz,
            channels=self.channels,
            merkle_root=merkle_root(item.content_id for item in kept),
            ledger_head=self._head,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            items=tuple(self._page(item) for item in kept),
            refused=tuple(pages),
        )

    def _page(self, item: Item) -> ManifestItem:
        decision = self._decisions[item.content_id]
        return ManifestItem(
            content_id=item.content_id,
            path_name=item.name,
            class_name=item.class_name,
            group=item.group,
            owner=", ".join(decision.owners) or UNKNOWN_OWNER,
            licence=item.licence,
            credit="; ".join(decision.credits) or None,
            conversions=conversions(item, sample_rate_hz=self.sample_rate_hz, channels=self.channels),
        )

    def _allowed(self, item: Item) -> bool:
        self._ask_again()
        decision = self._decisions[item.content_id]
        if decision.allowed:  # a grant may have run out since, which leaves no event behind
            now = self._library.ledger.decide([item.content_id], self.purpose)[item.content_id]
            decision = decision if now.allowed else now
            self._decisions[item.content_id] = decision
        if not decision.allowed:
            self._leave_out(item, decision.rule)
        return decision.allowed

    def _ask_again(self) -> None:
        """Ask the ledger anew if anything was written to it; the head is one small read."""
        head = self._library.ledger.head()
        if head != self._head:
            ids = [item.content_id for item in self.items]
            self._decisions |= self._library.decisions(ids, self.purpose)
            self._head = head

    def _sound(self, item: Item) -> Sound | None:
        if not self._allowed(item):
            return None
        try:
            sound = self._library.sound(item)
            return converted(sound, sample_rate_hz=self.sample_rate_hz, channels=self.channels)
        except (SoundError, LibraryError) as error:
            self._leave_out(item, error.problem)
            return None

    def _leave_out(self, item: Item, reason: str) -> None:
        if item.content_id not in self.left_out:
            self.left_out[item.content_id] = reason
            self._on_event(Note(level="warning", text=f"{item.name} is left out: {reason}"))


def _refused_page(decision: Decision, name: str) -> RefusedItem:
    return RefusedItem(content_id=decision.content_id, path_name=name, rule=decision.rule, way_out=decision.way_out)


def make_training_set(
    library: Library,
    items: Sequence[Item],
    *,
    query: str,
    purpose: Purpose,
    sample_rate_hz: int | None,
    channels: int | None,
    on_event: EventSink,
) -> TrainingSet:
    """Ask the ledger, choose the rate and seal the set; called by the library only."""
    head = library.ledger.head()  # before the decisions: a later event makes the set ask again
    decisions = library.decisions([item.content_id for item in items], purpose)
    allowed = [item for item in items if decisions[item.content_id].allowed]
    refused = [decisions[item.content_id] for item in items if not decisions[item.content_id].allowed]
    rate_hz = sample_rate_hz or most_common_rate_hz(allowed)
    made = TrainingSet(
        _KEY,
        library=library,
        items=allowed,
        refused=refused,
        purpose=purpose,
        query=query,
        sample_rate_hz=rate_hz,
        channels=channels,
        head=head,
        decisions=decisions,
        on_event=on_event,
    )
    unfit = [item for item in allowed if channels not in (None, 1, item.channels) and item.channels != 1]
    for item in unfit:
        made.left_out[item.content_id] = f"its {item.channels} channels cannot become {channels} channels"
    fit = [item for item in allowed if item.content_id not in made.left_out]
    made.items = tuple(fit)
    return made


def most_common_rate_hz(items: Iterable[Item]) -> int:
    """The rate most of the sounds have; of several, the higher; 44100 for none."""
    counts = Counter(item.sample_rate_hz for item in items)
    return max(counts, key=lambda rate: (counts[rate], rate)) if counts else 44100


def conversions(item: Item, *, sample_rate_hz: int, channels: int | None) -> tuple[str, ...]:
    """What must be done to an item, in words, in the order it is done."""
    steps: list[str] = []
    if channels is not None and channels != item.channels:
        steps.append(f"{item.channels} to {channels} channels")
    if item.sample_rate_hz != sample_rate_hz:
        steps.append(f"{item.sample_rate_hz} Hz to {sample_rate_hz} Hz")
    return tuple(steps)


def converted(sound: Sound, *, sample_rate_hz: int, channels: int | None) -> Sound:
    """The sound with the channels and the rate of the set."""
    if channels is not None:
        sound = sound.with_channels(channels)
    return sound.resampled(sample_rate_hz)
