"""Pairs: is a sound two training sounds laid over each other, or the fine structure of one under another's envelope?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.base.events import EventSink, Progress, ignore
from woodshed.base.seeds import derive_seed
from woodshed.dsp import istft, stft
from woodshed.metrics._windows import LEAD_FRAMES, Floats, from_spectra, heard_for_copies, to_spectra
from woodshed.metrics.copying import threshold_of
from woodshed.metrics.references import crossed, means_of_two
from woodshed.metrics.sets import SoundSet
from woodshed.metrics.shares import Share
from woodshed.sound import Sound

_QUERY_FRAMES = 2205  # 0.2 s at 11025 Hz
_MOST_LAG = 330  # 30 ms either way: the parts of a mix need not start together
_FFT_FRAMES = 4096
_FIRST_PARTS = 2
_TOGETHER = 8
_WINDOW_FRAMES = 256
_BAND_BINS = 8
_GATE_DB = -55.0


@dataclass(frozen=True)
class Explained:
    """How well pairs of training sounds explain each sound.

    ``mixed`` (sounds,) is the share of energy in the first 0.2 s that the best two training sounds give together, each
    with its own gain and start. ``crossed`` (sounds,) is the correlation with the training sound whose fine structure
    is most alike once both envelopes, over time and over frequency, are taken away. ``pair`` (sounds, 2) and
    ``lender`` (sounds,) name them.
    """

    mixed: npt.NDArray[np.float64]
    crossed: npt.NDArray[np.float64]
    pair: npt.NDArray[np.int64]
    lender: npt.NDArray[np.int64]


class PairFinder:
    """Looks for pairs of training sounds that a sound may have been put together from.

    Heard mono at 11025 Hz, pre-emphasised; starts may lie 30 ms apart. What it does not see: parts at another speed,
    more than two layers with much of each, and anything that begins after 0.2 s.

    Parameters
    ----------
    training_sounds
        At least two.

    Raises
    ------
    UsageError
        If there are fewer.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(6, 8820)) * np.exp(-np.arange(8820) / 3000)
    >>> finder = PairFinder([Sound(row, 44100) for row in noise])
    >>> found = finder.explained([Sound(0.5 * noise[1] + 0.4 * noise[4], 44100)])
    >>> bool(found.mixed[0] > 0.9), sorted(found.pair[0].tolist())
    (True, [1, 4])
    """

    def __init__(self, training_sounds: Sequence[Sound]) -> None:
        if len(training_sounds) < 2:
            raise UsageError(
                "There is no pair of training sounds",
                cause=f"the training set has {len(training_sounds)} sounds",
                way_out="give the sounds the model was trained on",
            )
        self._plain, self._fine = _Bank(training_sounds, fine=False), _Bank(training_sounds, fine=True)

    def explained(self, sounds: Sequence[Sound], *, left_out: npt.NDArray[np.bool_] | None = None) -> Explained:
        """Find the best pair and the best lender of fine structure for each sound.

        Parameters
        ----------
        left_out
            Optional, shape ``(sounds, training sounds)``: True where a training sound must not be taken.
        """
        found = [self._one(sound, None if left_out is None else left_out[at]) for at, sound in enumerate(sounds)]
        mixed, pair, fine, lender = (np.array([one[column] for one in found]) for column in range(4))
        return Explained(mixed, fine, pair.reshape(-1, 2).astype(np.int64), lender.astype(np.int64))

    def _one(self, sound: Sound, left_out: npt.NDArray[np.bool_] | None) -> tuple[float, tuple[int, int], float, int]:
        query = _query(sound, fine=False)
        first, lags = self._plain.best(query, left_out)
        best, pair = 0.0, (0, 1)
        for place in np.argsort(-first)[:_FIRST_PARTS]:
            part = self._plain.part(int(place), int(lags[place]))
            rest = np.asarray(query - part * (part @ query) / max(float(part @ part), 1e-9), np.float32)
            others = np.zeros(len(first), bool) if left_out is None else left_out.copy()
            others[place] = True
            second, second_lags = self._plain.best(rest, others)
            other = int(second.argmax())
            parts = np.stack([part, self._plain.part(other, int(second_lags[other]))], axis=1)
            left = query - parts @ np.linalg.lstsq(parts, query, rcond=None)[0]
            share = 1.0 - float(left @ left) / max(float(query @ query), 1e-9)
            if share > best:
                best, pair = share, (int(place), other)
        fine, _ = self._fine.best(_query(sound, fine=True), left_out)
        return best, pair, float(fine.max()), int(fine.argmax())


class _Bank:
    """The beginnings of all training sounds, ready to be correlated over lags with a query."""

    def __init__(self, sounds: Sequence[Sound], *, fine: bool) -> None:
        frames = _QUERY_FRAMES + 2 * _MOST_LAG
        self._waves = np.stack([_fitted(_heard(sound, fine=fine), frames, lead=_MOST_LAG) for sound in sounds])
        self._spectra = to_spectra(self._waves, frames=_FFT_FRAMES)
        total = np.pad(np.cumsum(self._waves.astype(np.float64) ** 2, axis=1), ((0, 0), (1, 0)))
        energy = total[:, _QUERY_FRAMES:] - total[:, :-_QUERY_FRAMES]  # (sounds, lags)
        loud = energy > np.maximum(energy.max(axis=1, keepdims=True) * 1e-4, 1e-9)
        self._inverse = np.where(loud, 1 / np.sqrt(np.maximum(energy, 1e-9)), 0.0).astype(np.float32)

    def best(self, query: Floats, left_out: npt.NDArray[np.bool_] | None) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Largest absolute correlation with each sound over all lags, and the lag, both ``(sounds,)``."""
        spectrum = np.conj(to_spectra(query, frames=_FFT_FRAMES))
        likeness = np.zeros(len(self._waves), np.float32)
        lags = np.zeros(len(self._waves), np.int64)
        for start in range(0, len(self._waves), 64):
            part = slice(start, start + 64)
            wave = from_spectra(spectrum * self._spectra[part], frames=_FFT_FRAMES)
            scaled = np.abs(wave[:, : self._inverse.shape[1]]) * self._inverse[part]
            lags[part] = scaled.argmax(axis=1)
            likeness[part] = scaled.max(axis=1)
        likeness /= max(float(np.linalg.norm(query)), 1e-9)
        if left_out is not None:
            likeness[left_out] = 0.0
        return likeness, lags

    def part(self, place: int, lag: int) -> Floats:
        """What of a sound lies under the query at a lag, shape ``(query frames,)``."""
        return self._waves[place, lag : lag + _QUERY_FRAMES]


def _query(sound: Sound, *, fine: bool) -> Floats:
    return _fitted(_heard(sound, fine=fine), _QUERY_FRAMES, lead=0)


def _heard(sound: Sound, *, fine: bool) -> Floats:
    """From the onset on, at most as much as any lag needs, or the fine structure of it."""
    wave = heard_for_copies(sound)[: LEAD_FRAMES + _QUERY_FRAMES + _MOST_LAG]
    return (_fine_structure(wave) if fine else wave)[LEAD_FRAMES:]


def _fitted(wave: Floats, frames: int, *, lead: int) -> Floats:
    placed = np.zeros(frames, np.float32)
    piece = wave[: frames - lead]
    placed[lead : lead + piece.size] = piece
    return placed


def _fine_structure(wave: Floats) -> Floats:
    """The wave with every band of every frame brought to one level; what is 55 dB below the loudest falls silent."""
    spectrum = stft(wave, window_frames=_WINDOW_FRAMES, hop_frames=_WINDOW_FRAMES // 4)
    power = np.abs(spectrum) ** 2
    bands = np.add.reduceat(power, np.arange(0, power.shape[0], _BAND_BINS), axis=0)
    level = np.sqrt(np.repeat(bands, _BAND_BINS, axis=0)[: power.shape[0]] / _BAND_BINS)
    loud = level > level.max(initial=0.0) * 10 ** (_GATE_DB / 20)
    flat = np.where(loud, spectrum / np.maximum(level, 1e-12), 0.0)
    back = istft(flat, frames=wave.size, window_frames=_WINDOW_FRAMES, hop_frames=_WINDOW_FRAMES // 4)
    return np.asarray(back, np.float32)


@dataclass(frozen=True)
class PairCheck:
    """Made sounds beside held-out real ones: how many a pair of training sounds explains better than it may.

    ``mixed`` and ``crossed`` count made sounds above the threshold that at most 1 % of held-out real sounds exceed;
    ``control`` is how many planted mixes and crosses lie above; ``made`` and ``null`` are all values by kind.
    """

    mixed: Share
    crossed: Share
    control: dict[str, Share]
    thresholds: dict[str, float]
    made: Explained
    null: Explained

    @property
    def expected(self) -> float:
        """The largest share that chance would leave above the threshold, at 95 %."""
        count = int(0.01 * self.null.mixed.size)
        return Share(count, self.null.mixed.size).high

    @property
    def can_tell(self) -> bool:
        """Whether the planted pairs were found."""
        return all(share.share >= 0.9 for share in self.control.values())

    @property
    def inside_null(self) -> bool:
        """Whether pairs explain made sounds no better than held-out real ones."""
        return self.mixed.low <= self.expected and self.crossed.low <= self.expected


def pair_check(
    made: SoundSet,
    training: SoundSet,
    held_out: SoundSet,
    *,
    plants: int = 40,
    seed: int = 0,
    on_event: EventSink = ignore,
) -> PairCheck:
    """Ask of made sounds, of held-out real ones and of planted pairs how well pairs of training sounds explain them.

    Parameters
    ----------
    plants
        How many mixes and how many crosses of training sounds are planted, of the classes of the training sounds.

    Raises
    ------
    UsageError
        If there are fewer than two training sounds or no held-out ones.
    """
    if not len(held_out):
        raise UsageError(
            "There are no unseen real sounds to compare with",
            cause="nothing was held out",
            way_out="train with --held-out 0.2, or add sounds of more kits",
        )
    finder = PairFinder(training.sounds)

    def found(sounds: SoundSet, stage: str) -> Explained:
        parts = []
        for start in range(0, len(sounds), _TOGETHER):
            on_event(Progress(stage=stage, done=start, total=len(sounds), unit="sounds"))
            parts.append(finder.explained(sounds.sounds[start : start + _TOGETHER]))
        return Explained(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("mixed", "crossed", "pair", "lender")
            )
        )

    null, here = found(held_out, "pairs behind unseen sounds"), found(made, "pairs behind made sounds")
    thresholds = {"mixed": threshold_of(null.mixed), "crossed": threshold_of(null.crossed)}
    rng = np.random.default_rng(derive_seed(seed, "planted pairs"))
    like = tuple(training.class_names[int(place)] for place in rng.permutation(len(training))[:plants])
    control = {}
    for kind, make in (("mixed", means_of_two), ("crossed", crossed)):
        planted = found(make(training, like=like, seed=derive_seed(seed, kind)), "planted pairs")
        control[kind] = _above(getattr(planted, kind), thresholds[kind])
    return PairCheck(
        mixed=_above(here.mixed, thresholds["mixed"]),
        crossed=_above(here.crossed, thresholds["crossed"]),
        control=control,
        thresholds=thresholds,
        made=here,
        null=null,
    )


def _above(values: npt.NDArray[np.float64], threshold: float) -> Share:
    return Share(int(np.sum(values > threshold)), values.size)
