"""The copy rate, beside what unseen real sounds would get and what planted copies do get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.metrics.copy_search import CopyFinder, Nearest
from woodshed.metrics.features import FeatureSpace, raw_features
from woodshed.metrics.plants import ALL_AT_ONCE, CHANGES, plant
from woodshed.metrics.sets import SoundSet
from woodshed.metrics.shares import Share

FALSE_ALARM = 0.01
"""Share of unseen real sounds that may be called copies."""

CONTROL_FOUND = 0.9
"""Share of the planted copies with a single change that must be found before the rest means anything."""

HELD_OUT = "held-out real sounds"
"""What the null is called when it was taken from sounds of groups that the model never saw."""

_FEWEST_UNSEEN = 20
_DURATION_S = 1.5


@dataclass(frozen=True)
class CopyCheck:
    """What the copy check found.

    ``threshold`` is the likeness above which a sound counts as a copy: at most 1 % of the ``null`` sounds lie above it.
    ``null_kind`` says which real sounds these were. ``control`` holds the share of planted copies found, by change.
    ``resolved`` is False where the null is too small for 1 % to mean one sound (fewer than 100).
    """

    made: Share
    null: Share
    null_kind: str
    threshold: float
    resolved: bool
    control: Mapping[str, Share]
    nearest: Nearest
    null_likeness: npt.NDArray[np.float64]

    @property
    def control_found(self) -> Share:
        """All planted copies with one change, together."""
        single = [share for change, share in self.control.items() if change != ALL_AT_ONCE]
        return Share(sum(share.count for share in single), sum(share.of for share in single))

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

    Raises
    ------
    UsageError
        If there are fewer than 4 training sounds.

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
        seed: int = 0,
        on_event: EventSink = ignore,
    ) -> None:
        self._on_event = on_event
        self._finder = CopyFinder(training.sounds)
        raw = raw_features(training.alike(duration_s=_DURATION_S).sounds, space="spectral")
        self._space = FeatureSpace.of(raw)
        self._places = self._space.placed(raw)
        self._null, self._null_kind = self._take_null(training, held_out, most=most_unseen, seed=seed)
        self._threshold = threshold_of(self._null)
        self._control = self._take_control(training, plants=plants, seed=seed)

    def check(self, made: SoundSet) -> CopyCheck:
        """Compare made sounds with the training sounds."""
        nearest = self._nearest(made, "looking for copies")
        return CopyCheck(
            made=Share(int(np.sum(nearest.likeness > self._threshold)), len(made)),
            null=Share(int(np.sum(self._null > self._threshold)), self._null.size),
            null_kind=self._null_kind,
            threshold=self._threshold,
            resolved=self._null.size >= 1 / FALSE_ALARM,
            control=self._control,
            nearest=nearest,
            null_likeness=self._null,
        )

    def _nearest(self, sounds: SoundSet, stage: str, *, left_out: npt.NDArray[np.bool_] | None = None) -> Nearest:
        """In pieces, so that a progress bar moves."""
        found = []
        for start in range(0, len(sounds), 32):
            self._on_event(Progress(stage=stage, done=start, total=len(sounds), unit="sounds"))
            part = slice(start, start + 32)
            pieces = sounds.sounds[part]
            alike = SoundSet(pieces).alike(duration_s=_DURATION_S)
            places = self._space.placed(raw_features(alike.sounds, space="spectral"))
            distances = np.linalg.norm(places[:, None] - self._places[None], axis=-1)
            found.append(
                self._finder.nearest(
                    pieces, feature_distances=distances, left_out=None if left_out is None else left_out[part]
                )
            )
        self._on_event(Progress(stage=stage, done=len(sounds), total=len(sounds), unit="sounds"))
        return Nearest(
            np.concatenate([one.likeness for one in found]),
            np.concatenate([one.index for one in found]),
            np.concatenate([one.cents for one in found]),
        )

    def _take_null(
        self, training: SoundSet, held_out: SoundSet, *, most: int, seed: int
    ) -> tuple[npt.NDArray[np.float64], str]:
        rng = np.random.default_rng(derive_seed(seed, "null"))
        if len(held_out) >= _FEWEST_UNSEEN or len(set(training.groups)) < 2:
            unseen = held_out.taken(rng.permutation(len(held_out))[:most])
            found = self._nearest(unseen, "unseen real sounds") if len(unseen) else None
            return (np.zeros(0) if found is None else found.likeness), HELD_OUT
        groups = np.asarray(training.groups, dtype=object)
        places = rng.permutation(len(training))[:most]
        left_out = groups[places][:, None] == groups[None]
        found = self._nearest(training.taken(places), "real sounds of other groups", left_out=left_out)
        return found.likeness, "training sounds, each against other groups"

    def _take_control(self, training: SoundSet, *, plants: int, seed: int) -> dict[str, Share]:
        rng = np.random.default_rng(derive_seed(seed, "plants"))
        control = {}
        for place, change in enumerate(CHANGES):
            self._on_event(Progress(stage="planted copies", done=place, total=len(CHANGES), unit="changes"))
            chosen = rng.permutation(len(training))[:plants]
            planted = [plant(training.sounds[at], change=change, seed=derive_seed(seed, int(at))) for at in chosen]
            found = self._nearest(SoundSet(tuple(planted)), "planted copies").likeness if planted else np.zeros(0)
            control[change] = Share(int(np.sum(found > self._threshold)), len(planted))
        return control


def threshold_of(null_likeness: npt.NDArray[np.floating]) -> float:
    """The likeness that at most 1 % of unseen real sounds exceed; above all of them where they are fewer than 100.

    Examples
    --------
    >>> threshold_of(np.arange(200) / 200)
    0.985
    """
    if null_likeness.size == 0:
        return 1.0
    allowed = int(FALSE_ALARM * null_likeness.size)
    return float(np.sort(null_likeness)[-1 - allowed])
