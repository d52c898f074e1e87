"""The copy rate, beside what unseen real sounds would get and what planted copies do get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.metrics.copy_index import ATTACK, BRIGHT_ATTACK, MEASURES, CopyIndex, Matches
from woodshed.metrics.copy_search import Nearest
from woodshed.metrics.plants import CHANGES, SINGLE_CHANGES, plant
from woodshed.metrics.sets import SoundSet
from woodshed.metrics.shares import Share

FALSE_ALARM = 0.01
"""Share of unseen real sounds that may be called copies."""

CONTROL_FOUND = 0.9
"""Share of the planted copies with a single change that must be found before the rest means anything."""

HELD_OUT = "held-out real sounds"
"""What the null is called when it was taken from sounds of groups that the model never saw."""

BETWEEN_GROUPS = "training sounds, each against other groups"
"""What the null is called when nothing, or too little, was held out."""

UNSEEN, OF_OTHERS = "unseen real sounds", "training sounds of other groups"
_FEWEST_UNSEEN = 20
_LEAST_SCALES = (0.15, 0.3, 0.15, 0.15)  # of the measures: a null of few sounds may lie lower by luck
_PIECE = 16


@dataclass(frozen=True)
class CopyCheck:
    """What the copy check found.

    Attributes
    ----------
    made, borrowed
        Sounds above the threshold: those like a training sound that nobody named, and those whose nearest one is named
        as their lender.
    null, null_kind
        Real sounds above the threshold, and which they were.
    threshold
        The likeness above which a sound counts as a copy: at most 1 % of the null lies above it.
    resolved
        False where the null is too small for 1 % to mean one sound (fewer than 100).
    control
        The share of planted copies found, by change.
    nearest, null_likeness
        For each made sound, and each of the null, how far its nearest training sound stands out from the others.
    copied
        For each made sound, whether it is one of ``made.count``.
    by_measure
        How many sounds each of the measures alone would call copies.
    """

    made: Share
    borrowed: Share
    null: Share
    null_kind: str
    threshold: float
    resolved: bool
    control: Mapping[str, Share]
    nearest: Nearest
    null_likeness: npt.NDArray[np.float64]
    copied: npt.NDArray[np.bool_]
    by_measure: Mapping[str, int]

    @property
    def control_found(self) -> Share:
        """All planted copies with one change, together."""
        single = [share for change, share in self.control.items() if change in SINGLE_CHANGES]
        return Share(sum(share.count for share in single), sum(share.of for share in single))

    @property
    def beside(self) -> str:
        """The real sounds that the made ones are compared with, in words."""
        return UNSEEN if self.null_kind == HELD_OUT else OF_OTHERS

    @property
    def can_tell(self) -> bool:
        """Whether the planted copies were found often enough for the copy rate to mean anything."""
        found = self.control_found
        return self.null.of >= _FEWEST_UNSEEN and found.of > 0 and found.share >= CONTROL_FOUND

    @property
    def expected(self) -> float:
        """The share of further unseen real sounds to be expected above the threshold (that of an order statistic)."""
        return (self.null.count + 1) / (self.null.of + 1)

    @property
    def inside_null(self) -> bool:
        """Whether the copy rate of the made sounds could be that of unseen real sounds."""
        return self.made.low <= self.expected


class CopyJudge:
    """Knows the training sounds and the null; judges any number of sets of made sounds.

    Parameters
    ----------
    training
        The sounds a model was trained on.
    held_out
        Real sounds of groups it never saw. With fewer than 20, the null is taken from the training sounds instead,
        each compared with those of other groups.
    plants
        How many training sounds are planted as copies, each with every change of ``CHANGES``.
    most_unseen
        How many real sounds the null is taken from at most, drawn at random.
    twins
        One number per training sound, the same for duplicates; None: no duplicates are known.
    everywhere
        Also look for later windows of a sound at every place of the training sounds; takes twice as long.

    Raises
    ------
    UsageError
        If there are no training sounds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> from woodshed.sound import Sound
    >>> def noises(count): return SoundSet(tuple(Sound(rng.normal(size=8000) * 0.1, 44100) for _ in range(count)))
    >>> training = noises(24)
    >>> judge = CopyJudge(training, noises(20), plants=2, seed=0)
    >>> judge.check(training.taken([3, 4])).made.count
    2
    """

    def __init__(
        self,
        training: SoundSet,
        held_out: SoundSet,
        *,
        plants: int = 16,
        most_unseen: int = 500,
        twins: Sequence[int] | None = None,
        everywhere: bool = True,
        seed: int = 0,
        on_event: EventSink = ignore,
    ) -> None:
        self._on_event, self._everywhere = on_event, everywhere
        self.index = CopyIndex(training.sounds, twins=twins)
        self._names = training.names
        null, self._null_kind = self._take_null(training, held_out, most=most_unseen, seed=seed)
        self._scales = np.array(
            [
                max(least, threshold_of(column, empty=least))
                for least, column in zip(_LEAST_SCALES, null.excess.T, strict=True)
            ]
        )
        self._null = self._likeness(null)
        self._threshold = max(threshold_of(self._null), float(np.tanh(_LEAST_SCALES[0])))
        self._control = self._take_control(training, plants=plants, seed=seed)

    def check(self, made: SoundSet, *, lenders: Sequence[Sequence[str]] | None = None) -> CopyCheck:
        """Compare made sounds with the training sounds.

        Parameters
        ----------
        lenders
            For each made sound, the names of the training sounds it openly borrowed from.
        """
        matches = self._matches(made, "looking for copies")
        likeness, index = self._likeness(matches), self._named(matches)
        alike = likeness > self._threshold
        borrowed = np.zeros(len(made), bool)
        for place in np.flatnonzero(alike) if lenders else ():
            borrowed[place] = self._is_lender(int(index[place]), lenders[place])  # type: ignore[index]
        copied = alike & ~borrowed
        return CopyCheck(
            made=Share(int(copied.sum()), len(made)),
            borrowed=Share(int(borrowed.sum()), len(made)),
            null=Share(int(np.sum(self._null > self._threshold)), self._null.size),
            null_kind=self._null_kind,
            threshold=self._threshold,
            resolved=self._null.size >= 1 / FALSE_ALARM,
            control=self._control,
            nearest=Nearest(likeness, index, matches.cents),
            null_likeness=self._null,
            copied=copied,
            by_measure={
                name: int(np.sum(column > scale))
                for name, column, scale in zip(MEASURES, matches.excess.T, self._scales, strict=True)
            },
        )

    def _is_lender(self, at: int, lenders: Sequence[str]) -> bool:
        twins = np.flatnonzero(self.index.twins == self.index.twins[at])
        return any(self._names[place] in lenders for place in twins)

    def _named(self, matches: Matches) -> npt.NDArray[np.int64]:
        """The training sound that each sound stands nearest to, by the measure that says so most."""
        return matches.index[np.arange(len(matches)), (matches.excess / self._scales).argmax(axis=1)]

    def _likeness(self, matches: Matches) -> npt.NDArray[np.float64]:
        """The measures that name the same training sound, or its twin, as one number from 0 to 1.

        Each counts in units of what 1 % of unseen sounds reach, and they add up: chance seldom names a sound twice.
        Of the two that hear the same 60 ms the larger counts.
        """
        twins = self.index.twins
        agree = twins[matches.index] == twins[self._named(matches)][:, None]
        said = matches.excess / self._scales * agree
        said[:, ATTACK] = np.maximum(said[:, ATTACK], said[:, BRIGHT_ATTACK])
        return np.tanh(np.sum(said[:, :BRIGHT_ATTACK], axis=1) * self._scales[0])

    def _matches(self, sounds: SoundSet, stage: str, *, left_out: npt.NDArray[np.bool_] | None = None) -> Matches:
        """In pieces, so that a progress bar moves."""
        found = []
        for start in range(0, len(sounds), _PIECE):
            self._on_event(Progress(stage=stage, done=start, total=len(sounds), unit="sounds"))
            part = slice(start, start + _PIECE)
            out = None if left_out is None else left_out[part]
            found.append(self.index.matches(sounds.sounds[part], left_out=out, everywhere=self._everywhere))
        self._on_event(Progress(stage=stage, done=len(sounds), total=len(sounds), unit="sounds"))
        return Matches.joined(found)

    def _take_null(self, training: SoundSet, held_out: SoundSet, *, most: int, seed: int) -> tuple[Matches, str]:
        rng = np.random.default_rng(derive_seed(seed, "null"))
        if len(held_out) >= _FEWEST_UNSEEN or len(set(training.groups)) < 2:
            unseen = held_out.taken(rng.permutation(len(held_out))[:most])
            return self._matches(unseen, UNSEEN), HELD_OUT
        groups = np.asarray(training.groups, dtype=object)
        places = rng.permutation(len(training))[:most]
        left_out = groups[places][:, None] == groups[None]
        return self._matches(training.taken(places), OF_OTHERS, left_out=left_out), BETWEEN_GROUPS

    def _take_control(self, training: SoundSet, *, plants: int, seed: int) -> dict[str, Share]:
        """Plant copies and count those that are called copies, whichever training sound they are found in."""
        rng = np.random.default_rng(derive_seed(seed, "plants"))
        control = {}
        for place, change in enumerate(CHANGES):
            self._on_event(Progress(stage="planted copies", done=place, total=len(CHANGES), unit="changes"))
            chosen = rng.permutation(len(training))[:plants]
            planted = [
                plant(
                    training.sounds[at],
                    change=change,
                    seed=derive_seed(seed, int(at)),
                    envelope_of=training.sounds[_other(training.class_names, int(at), rng)],
                )
                for at in chosen
            ]
            matches = self._matches(SoundSet(tuple(planted)), "planted copies")
            control[change] = Share(int(np.sum(self._likeness(matches) > self._threshold)), len(planted))
        self._on_event(Progress(stage="planted copies", done=len(CHANGES), total=len(CHANGES), unit="changes"))
        return control


def _other(class_names: Sequence[str], at: int, rng: np.random.Generator) -> int:
    """Another sound of the same class, or the sound itself where there is none."""
    others = [place for place, name in enumerate(class_names) if name == class_names[at] and place != at]
    return int(rng.choice(others)) if others else at


def threshold_of(null_likeness: npt.NDArray[np.floating], *, empty: float = 1.0) -> float:
    """The likeness that at most 1 % of unseen real sounds exceed; above all of them where they are fewer than 100.

    Examples
    --------
    >>> threshold_of(np.arange(200) / 200)
    0.985
    """
    if null_likeness.size == 0:
        return empty
    allowed = int(FALSE_ALARM * null_likeness.size)
    return float(np.sort(null_likeness)[-1 - allowed])
