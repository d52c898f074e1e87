"""Which training sound a sound was copied from, if any: fine structure against fine structure, at many speeds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.metrics._attacks import QUERY_FRAMES, Attacks, Search, artanh, halved, own_likeness, usual_likeness
from woodshed.metrics._whitening import BRIGHT, EARLY_FRAMES, LEAD_FRAMES, Floats, heard
from woodshed.metrics._windows import LENGTHS_FRAMES, WINDOW_FRAMES, WindowIndex, window_frames_of
from woodshed.sound import Sound

MEASURES = ("attack", "windows", "whole", "bright attack")
"""The first 60 ms at many speeds; 120 ms windows against every place; half a second at the speeds found for attacks;
the first 60 ms once more, from 700 Hz to 11 kHz."""

ATTACK, WINDOWS, WHOLE, BRIGHT_ATTACK = range(len(MEASURES))

_BRIGHT_SEARCH = Search(
    lengths_frames=(*LENGTHS_FRAMES, 992, 1323),
    size_frames=2880,
    coarse_cents=(-25, 0, 25),
    candidates=8,
    moments=0.5,
)

_MOST_THREADS = 4


@dataclass(frozen=True)
class Matches:
    """For each sound, how much it resembles one training sound more than it resembles the others.

    Attributes
    ----------
    excess
        Shape ``(sounds, measures)``: artanh of the largest correlation less that of the 12th nearest training sound,
        or that of the sound with itself elsewhere where this is more. About 0.05 for unrelated sounds, above 0.5 for
        copies; a measure that says nothing is 0.
    index
        Shape ``(sounds, measures)``: the training sound, counted.
    likeness
        Shape ``(sounds,)``: the largest correlation of the attack, 0 to 1.
    cents
        Shape ``(sounds,)``: the change of speed that gave it.
    """

    excess: npt.NDArray[np.float64]
    index: npt.NDArray[np.int64]
    likeness: npt.NDArray[np.float64]
    cents: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.likeness)

    @staticmethod
    def joined(parts: Sequence[Matches]) -> Matches:
        """Several one after the other."""
        return Matches(
            np.concatenate([one.excess for one in parts]) if parts else np.zeros((0, len(MEASURES))),
            np.concatenate([one.index for one in parts]) if parts else np.zeros((0, len(MEASURES)), np.int64),
            np.concatenate([one.likeness for one in parts]) if parts else np.zeros(0),
            np.concatenate([one.cents for one in parts]) if parts else np.zeros(0, np.int64),
        )


class CopyIndex:
    """Training sounds, ready to be searched for what another sound was copied from.

    Both sides are brought to mono and 11025 Hz, and every band to one level at every moment, so that neither gain,
    polarity, channels, filters, fades nor another band envelope hide a copy. A sound counts by how far its nearest
    training sound stands out from the others, and from the sound's own likeness to itself at another moment or a
    semitone off: two low tones agree however different they are, two hisses never do.

    What it does not see: layers of several sounds, changes of pitch beyond 40 cents, anything above 5 kHz (of attacks
    above 11 kHz), and what comes more than two seconds after the onset.

    Parameters
    ----------
    training_sounds
        The sounds that may have been copied.
    twins
        One number per sound, the same for duplicates of each other; None: no duplicates are known.

    Raises
    ------
    UsageError
        If there are none.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(8, 8820)) * np.exp(-np.arange(8820) / 2000)
    >>> index = CopyIndex([Sound(row, 44100) for row in noise])
    >>> found = index.matches([Sound(-0.5 * noise[3, 300:], 44100)])
    >>> int(found.index[0, 0]), bool(found.excess[0, 0] > 0.6)
    (3, True)
    """

    def __init__(self, training_sounds: Sequence[Sound], *, twins: Sequence[int] | None = None) -> None:
        if not training_sounds:
            raise UsageError(
                "There are no training sounds to look for copies of",
                cause="the training set was left out",
                way_out="give the sounds the model was trained on",
            )
        early = [heard(sound, lead_frames=EARLY_FRAMES) for sound in training_sounds]
        self._of([wave[EARLY_FRAMES - LEAD_FRAMES :] for wave in early], twins)
        self._early = [np.trim_zeros(wave, "f") for wave in early]
        self._sounds = tuple(training_sounds)

    @classmethod
    def of_waves(cls, waves: Sequence[Floats], *, twins: Sequence[int] | None = None) -> CopyIndex:
        """The same of waves at 11025 Hz that begin 10 ms before the onset and were ``whitened`` already."""
        made = cls.__new__(cls)
        made._of(waves, twins)
        return made

    def _of(self, waves: Sequence[Floats], twins: Sequence[int] | None) -> None:
        self.waves = self._early = tuple(waves)
        self.twins = np.arange(len(self.waves)) if twins is None else np.asarray(twins, dtype=np.int64)
        self._attacks = Attacks(self.waves, self.twins, search=Search())
        self._sounds: tuple[Sound, ...] = ()
        self._everywhere: WindowIndex | None = None

    def __len__(self) -> int:
        return len(self.waves)

    def matches(
        self, sounds: Sequence[Sound], *, left_out: npt.NDArray[np.bool_] | None = None, everywhere: bool = True
    ) -> Matches:
        """Compare sounds with all training sounds.

        Parameters
        ----------
        sounds
            The sounds to judge.
        left_out
            Optional, shape ``(sounds, training sounds)``: True where a training sound must not be taken.
        everywhere
            Also compare half a second, windows at every place of every training sound, and bright attacks: most of
            the time.
        """
        found = self.matches_of([heard(sound) for sound in sounds], left_out=left_out, everywhere=everywhere)
        if everywhere and self._sounds:
            waves = [heard(sound, ear=BRIGHT) for sound in sounds]
            bright = _begun(self._bright, waves, left_out, whole=False)
            found.excess[:, BRIGHT_ATTACK] = bright.excess[:, ATTACK]
            found.index[:, BRIGHT_ATTACK] = bright.index[:, ATTACK]
        return found

    @cached_property
    def _bright(self) -> Attacks:
        return Attacks([heard(sound, ear=BRIGHT) for sound in self._sounds], self.twins, search=_BRIGHT_SEARCH)

    def matches_of(
        self, waves: Sequence[Floats], *, left_out: npt.NDArray[np.bool_] | None = None, everywhere: bool = True
    ) -> Matches:
        """The same of waves as ``of_waves`` takes them; without bright attacks, which such waves no longer hold."""
        found = _begun(self._attacks, waves, left_out, whole=everywhere)
        if everywhere:
            found.excess[:, WINDOWS], found.index[:, WINDOWS] = self._windows(waves, left_out)
        return found

    def _windows(
        self, waves: Sequence[Floats], left_out: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """The first two windows of 120 ms against every place of every training sound, below 2.8 kHz."""
        if self._everywhere is None:
            self._everywhere = WindowIndex([halved(wave) for wave in self._early])
        excess, index = np.zeros(len(waves)), np.zeros(len(waves), np.int64)
        for begin in (QUERY_FRAMES, QUERY_FRAMES + 2 * WINDOW_FRAMES):
            places = [place for place, wave in enumerate(waves) if wave.size > begin + 2 * min(LENGTHS_FRAMES)]
            places = [place for place in places if np.max(np.abs(waves[place][begin:])) > 0.05]
            queries = [halved(waves[place][begin:]) for place in places]
            with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
                best = self._everywhere.best(queries, pool=pool)
            for row, place in zip(best, places, strict=True):
                near = row if left_out is None else np.where(left_out[place], -1.0, row)
                at, kept = int(near.argmax()), np.flatnonzero(near >= 0)
                likeness = artanh(float(near[at]))
                twin = self.twins[kept] == self.twins[at]
                if likeness - usual_likeness(near[kept], twin=twin) <= excess[place]:
                    continue
                wave = halved(waves[place])
                own = own_likeness(wave, begin=begin // 2, frames=window_frames_of(wave[begin // 2 :]))
                value = likeness - usual_likeness(near[kept], twin=twin, own=own)
                if value > excess[place]:
                    excess[place], index[place] = value, at
        return excess, index


def _begun(
    attacks: Attacks, waves: Sequence[Floats], left_out: npt.NDArray[np.bool_] | None, *, whole: bool
) -> Matches:
    """What the beginnings say of each wave: the attack, and half a second where it is wanted."""
    excess, index = np.zeros((len(waves), len(MEASURES))), np.zeros((len(waves), len(MEASURES)), np.int64)
    likeness, cents = np.zeros(len(waves)), np.zeros(len(waves), np.int64)
    for place, wave in enumerate(waves):
        out = np.zeros(len(attacks), bool) if left_out is None else left_out[place]
        if out.all() or not np.any(wave):
            continue
        found = attacks.nearest(wave, out)
        excess[place, ATTACK], index[place, ATTACK] = found.excess, found.index
        likeness[place], cents[place] = found.likeness, found.cents
        if whole:
            excess[place, WHOLE], index[place, WHOLE] = attacks.whole(wave, found)
    return Matches(excess, index, likeness, cents)
