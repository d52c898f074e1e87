"""From a drawn shape to sound: lenders of a near shape, tuned and layered, and a guard against copies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from einops import rearrange
from scipy.signal import butter, sosfilt
from torch import Tensor
from torch.nn import functional

from woodshed.base.errors import RateMismatch
from woodshed.base.seeds import derive_seed
from woodshed.dsp import first_onset_s
from woodshed.metrics import CopyFinder
from woodshed.nn import (
    EnvelopeSplitter,
    Reshaped,
    Shape,
    Shaper,
    Split,
    at_speed,
    attacked,
    coloured,
    coursed,
    sounding_span,
    struck,
)
from woodshed.roles import LenderPool, Made
from woodshed.sampling import seeded_generator
from woodshed.sound import Sound

if TYPE_CHECKING:
    from woodshed.families.generators.band_flow import BandFlow

COPY_MATCH = 0.81  # below what 1 % of real sounds of unseen kits reach (0.86 to 0.95, by the kits that are unseen)
_REPITCH_ATTEMPTS = (1.0, 2.0, 3.5, 5.0, 6.0, 7.0)  # each attempt to be no copy tunes its lenders farther
_GRAIN_ATTEMPTS = (0.0, 0.1, 0.25, 0.4, 0.4, 0.4)  # and takes a share of noise besides
_GUARDED_S = 0.3  # how much of each lender's start a made sound must not repeat
_GUARD_CANDIDATES = 6
_NEAREST = 16  # how many neighbours are looked at
_CHOICE = 3  # of how many the seed chooses
_OTHER_CLASS = 1.25  # how much farther a lender of another class seems
_LOW_BANDS_HZ = 2000.0
_STEP = 5.0  # times what changes from frame to frame in the first 10 ms: a first frame above it is a step
_RISE_S, _RISE_AFTER_STEP_S = 0.00007, 0.0006
_LATE_S = 0.005
_QUIET_END_DB = -38.0
_RUMBLE_HZ = 20.0
_FADED_DB = 4.0  # by which what has died away is faded out: recordings are, and the numbers of a course hardly tell it


@dataclass(frozen=True)
class Target:
    """A sound to be made: its shape, length in frames, peak amplitude, class and seed.

    ``exact``: its length was asked for. ``steady``: it is new altogether, so that its level keeps closely to its course
    and its highs to its colour.
    """

    shape: Shape
    frames: int
    peak: float
    class_name: str | None
    seed: int
    exact: bool = False
    steady: bool = False


@dataclass(frozen=True)
class LenderIndex:
    """What finds lenders by shape, and knows copies of them: it lives in memory only and is never written to a file.

    Attributes
    ----------
    content_ids, class_names
        Of all lenders.
    prints
        Loudness over tokens and bands, ``(lenders, tokens, bands)``.
    guard
        Finds copies of the start of any lender; None without lenders.
    """

    content_ids: tuple[str, ...]
    class_names: tuple[str | None, ...]
    prints: Tensor
    guard: CopyFinder | None

    @classmethod
    def read(cls, pool: LenderPool, *, splitter: EnvelopeSplitter) -> LenderIndex:
        """Hear every lender once; those that are silent or not finite are left out."""
        kept: list[str] = []
        prints: list[Tensor] = []
        starts: list[Sound] = []
        for content_id in pool.content_ids():
            lent = lent_sound(pool, content_id, splitter=splitter)
            if lent is not None:
                split = splitter.split(lent)
                kept.append(content_id)
                prints.append(shape_print(split.envelope, splitter=splitter))
                start = lent[:, : round(_GUARDED_S * splitter.sample_rate_hz)]
                starts.append(Sound(start.numpy(), splitter.sample_rate_hz))
        return cls(
            content_ids=tuple(kept),
            class_names=tuple(pool.class_name(content_id) for content_id in kept),
            prints=torch.stack(prints) if prints else torch.zeros(0, splitter.most_tokens, splitter.band_count),
            guard=CopyFinder(starts) if starts else None,
        )

    def nearest(self, wanted: Tensor, *, class_name: str | None, bands: slice, count: int) -> list[int]:
        """Numbers of the lenders whose print is nearest in some bands, the nearest first.

        Parameters
        ----------
        wanted
            A print, ``(tokens, bands)``.
        """
        if not self.content_ids:
            return []
        tokens = max(1, int((wanted.amax(1) > 0).sum()))  # what sounds on after that costs a lender nothing
        difference = self.prints[:, :tokens, bands] - wanted[:tokens, bands]
        distance = difference.square().sum((1, 2)).sqrt()
        if class_name is not None:
            other = torch.tensor([name != class_name for name in self.class_names])
            distance = torch.where(other, distance * _OTHER_CLASS, distance)
        return torch.argsort(distance, stable=True)[:count].tolist()


@dataclass(frozen=True)
class Neighbours:
    """Numbers of the lenders nearest to a target in its low and in its high bands, the nearest first."""

    low: list[int]
    high: list[int]


def shape_print(envelope: Tensor, *, splitter: EnvelopeSplitter) -> Tensor:
    """Square root of amplitude per token and band, the first token twice as heavy, ``(most_tokens, bands)``."""
    loud = ((envelope / 4).exp() - np.exp(splitter.floor / 4)).clamp(min=0)[
        : splitter.most_tokens * splitter.token_steps
    ]
    lacking = splitter.most_tokens * splitter.token_steps - len(loud)
    tokens = rearrange(functional.pad(loud, (0, 0, 0, lacking)), "(t s) b -> t s b", s=splitter.token_steps).mean(1)
    tokens[0] *= 2.0
    return tokens


def lent_sound(pool: LenderPool, content_id: str, *, splitter: EnvelopeSplitter) -> Tensor | None:
    """The sounding part of a lender on one or two channels, without any offset; None where nothing sounds."""
    sound = pool.read(content_id)
    if sound.sample_rate_hz != splitter.sample_rate_hz:
        raise RateMismatch("A lender", got_hz=sound.sample_rate_hz, expected_hz=splitter.sample_rate_hz)
    data = np.array(sound.data if sound.channels <= 2 else sound.mono().data)
    if data.shape[-1] == 0 or not np.isfinite(data).all() or float(np.abs(data).max()) < 1e-5:
        return None
    data -= data.mean(axis=1, keepdims=True)
    start, stop = sounding_span(torch.from_numpy(data), sample_rate_hz=splitter.sample_rate_hz)
    most = splitter.most_tokens * splitter.token_steps * splitter.hop_frames
    return torch.from_numpy(np.ascontiguousarray(data[:, start : min(stop, start + most)]))


class Decoder:
    """Makes sounds of shapes.

    Parameters
    ----------
    model
        Whose basis smooths the lenders' shapes.
    index, pool
        Who may lend.
    """

    def __init__(self, model: BandFlow, index: LenderIndex, pool: LenderPool) -> None:
        self.model, self.index, self.pool = model, index, pool
        self.splitter = model.splitter
        self.shaper = Shaper(model.splitter)
        self.sides = 2 if self.splitter.stereo else 1

    @torch.no_grad()
    def make(self, target: Target) -> Made:
        """The raw sound of a target; tries other lenders and tunings until its attack is no copy of a lender's."""
        rate = self.splitter.sample_rate_hz
        near = self.neighbours(target)
        best: tuple[float, np.ndarray, tuple[str, ...]] | None = None
        for attempt in range(len(_REPITCH_ATTEMPTS)):
            spectra, lenders, lent = self.fine(target, near=near, attempt=attempt)
            audio = self.splitter.join(spectra, frames=target.frames).numpy()
            audio = audio if lent else self.levelled(audio, target.shape, steady=target.steady)
            match = self._match(audio, lent)
            if best is None or match < best[0]:
                best = match, audio, lenders
            if match <= COPY_MATCH:
                break
        assert best is not None
        data = _without_rumble(best[1], rate) if best[2] else best[1]
        data = tidied(data, peak=target.peak, sample_rate_hz=rate, exact=target.exact)
        return Made(Sound(data, rate), lenders=best[2], class_name=target.class_name)

    @torch.no_grad()
    def heard(self, target: Target) -> Tensor:
        """Spectra of what `make` would make first of a target, begun as it begins, ``(sides, steps, bins)``."""
        spectra, _, lent = self.fine(target, near=self.neighbours(target))
        if lent:
            return spectra
        audio = self.splitter.join(spectra, frames=target.frames).numpy()
        levelled = np.asarray(self.levelled(audio, target.shape), dtype=np.float32)
        return self.splitter.split(torch.from_numpy(levelled)).spectra

    def levelled(self, audio: np.ndarray, shape: Shape, *, steady: bool = False) -> np.ndarray:
        """A sound that begins, rises and dies, and is coloured, as its shape says in numbers, where it does.

        Colour and course come once more after the beginning: what a strike is turned up by counts in both. Before that
        it is made to rise from nothing: highs of a step, which is taken out in the end, would be missing then. Rumble
        below 20 Hz goes first, and what gains brought of it goes before the rise is looked at: the filter turns slow
        waves, and taken out in the end it would undo how a low sound rises. Of two sides that are alike one is done.
        """
        rate, model, sides = self.splitter.sample_rate_hz, self.model, len(audio)
        audio = audio[:1] if (audio == audio[:1]).all() else audio
        audio = self._run(_without_rumble(audio, rate), shape, steady=steady)
        if shape.attack is not None:
            audio = attacked(audio, basis=model.attacks, numbers=shape.attack, sample_rate_hz=rate)
            audio = _begun_softly(audio, rate)
            audio = self._run(audio, shape, steady=steady)
        audio = _without_rumble(audio, rate)
        audio = audio if shape.course is None else struck(audio, rise=shape.rise, sample_rate_hz=rate)
        return np.repeat(audio, sides // len(audio), axis=0)

    def _run(self, audio: np.ndarray, shape: Shape, *, steady: bool) -> np.ndarray:
        """Coloured, and of the level over time, that a shape says."""
        rate, model = self.splitter.sample_rate_hz, self.model
        if shape.colour is not None:
            basis = model.colours
            audio = coloured(audio, basis=basis, numbers=shape.colour, sample_rate_hz=rate, closely=steady)
        if shape.course is not None:
            audio = coursed(audio, basis=model.courses, numbers=shape.course, sample_rate_hz=rate, closely=steady)
        return audio

    def neighbours(self, target: Target) -> Neighbours:
        """Who could lend to a target; nothing is worked out where nobody may."""
        if not self.index.content_ids:
            return Neighbours([], [])
        wanted = shape_print(target.shape.envelope, splitter=self.splitter)
        edge = int((self.splitter.bands.centres_hz < _LOW_BANDS_HZ).sum())
        name = target.class_name
        return Neighbours(
            low=self.index.nearest(wanted, class_name=name, bands=slice(0, edge), count=_NEAREST),
            high=self.index.nearest(wanted, class_name=name, bands=slice(edge, None), count=_NEAREST),
        )

    def _match(self, audio: np.ndarray, lent: list[Tensor]) -> float:
        """How nearly the attack is that of any lender, or of those that lent as they were tuned; 0 to 1."""
        if not lent or self.index.guard is None:
            return 0.0
        rate = self.splitter.sample_rate_hz
        made = [Sound(audio, rate)]
        tuned = CopyFinder([Sound(sound.numpy(), rate) for sound in lent]).nearest(made, candidates=0)
        known = self.index.guard.nearest(made, candidates=_GUARD_CANDIDATES)
        return float(max(tuned.likeness[0], known.likeness[0]))

    def fine(
        self, target: Target, *, near: Neighbours, attempt: int = 0, without: frozenset[str] = frozenset()
    ) -> tuple[Tensor, tuple[str, ...], list[Tensor]]:
        """Fine structure under the target's shape: borrowed where anyone lends, made where nobody does.

        Returns
        -------
        tuple
            Spectra ``(sides, steps, bins)``; the lenders' content ids; their sounds as they were lent.
        """
        generator = seeded_generator(target.seed, "fine", attempt)
        own = self.model.ringer.spectra(
            target.shape,
            frames=target.frames,
            sides=self.sides,
            seed=derive_seed(target.seed, "ring", attempt),
            gathered=target.steady,
        )
        chosen = self._choose(target.seed, near, attempt=attempt, without=without)
        if not chosen:
            return own, (), []
        rng = np.random.default_rng(derive_seed(target.seed, "repitch", attempt))
        most = self.model.config.repitch_semitones * _REPITCH_ATTEMPTS[attempt]
        lent, layers = [], []
        for content_id in chosen:
            sound = lent_sound(self.pool, content_id, splitter=self.splitter)
            if sound is None:
                continue
            semitones = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.4, 1.0)) * most
            enough = round((target.frames + self.model.token_frames) * 2.0 ** (semitones / 12))
            tuned = at_speed(
                sound.numpy()[:, :enough], semitones=semitones, sample_rate_hz=self.splitter.sample_rate_hz
            )
            sound = torch.from_numpy(tuned)
            lent.append(sound)
            layers.append(self.reshaped(self.splitter.split(sound), target.shape, generator=generator))
        if not layers:
            return own, (), []
        whole = layers[0] if len(layers) == 1 else self.shaper.layered(layers[0], layers[1])
        return (
            self.shaper.filled(whole, own, air=self.model.config.air, grain=_GRAIN_ATTEMPTS[attempt]),
            tuple(dict.fromkeys(chosen)),
            lent,
        )

    def reshaped(self, split: Split, target: Shape, *, generator: torch.Generator) -> Reshaped:
        """A sound under a shape, on the model's sides."""
        own = self.model.shape_of(self.model.tokens_of(split), frames=split.frames)
        reshaped = self.shaper.reshape(split, own, target)
        if self.sides == 1:
            return Reshaped(reshaped.spectra[:1], reshaped.presence)
        return self.shaper.with_side(reshaped, target, generator)

    def _choose(self, seed: int, near: Neighbours, *, attempt: int, without: frozenset[str]) -> list[str]:
        """A lender for the low and one for the high bands; the seed picks among the nearest."""
        rng = np.random.default_rng(derive_seed(seed, "lenders", attempt))
        chosen: list[str] = []
        for numbers in (near.low, near.high):
            ids = [self.index.content_ids[number] for number in numbers]
            ids = [content_id for content_id in ids if content_id not in (*chosen, *without)]
            ids = ids[2 * attempt : 2 * attempt + _CHOICE] or ids[-1:]
            if ids:
                chosen.append(ids[int(rng.integers(len(ids)))])
        return chosen


def tidied(data: np.ndarray, *, peak: float, sample_rate_hz: int, exact: bool) -> np.ndarray:
    """Without a silent start, risen from nothing, with a release, at the peak asked for.

    Parameters
    ----------
    data
        ``(channels, frames)``.
    exact
        Keep the length: what is taken from the start comes back as silence at the end.
    """
    frames = data.shape[-1]
    data = _begun_softly(_without_late_start(data * _release(data, sample_rate_hz), sample_rate_hz), sample_rate_hz)
    begun = _without_late_start(data, sample_rate_hz)  # where noise swells, a softer beginning may count as none
    if data.shape[-1] - begun.shape[-1] > _LATE_S * sample_rate_hz:
        data = _begun_softly(begun, sample_rate_hz)
    if exact:
        data = np.pad(data, ((0, 0), (0, frames - data.shape[-1])))
    loudest = float(np.abs(data).max(initial=0.0))
    return (data * (peak / loudest) if loudest > 1e-9 else data).astype(np.float32)


def _without_rumble(data: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    return np.asarray(sosfilt(_above_rumble(sample_rate_hz), data, axis=-1), dtype=data.dtype)


@cache
def _above_rumble(sample_rate_hz: int) -> np.ndarray:
    """A filter without what lies below 20 Hz, as second-order sections."""
    return np.asarray(butter(2, _RUMBLE_HZ, "highpass", fs=sample_rate_hz, output="sos"))


def _without_late_start(data: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Cut what comes before the onset; a second look, since the cut changes what counts as a floor."""
    for _ in range(3):
        late = round(first_onset_s(data, sample_rate_hz) * sample_rate_hz)
        if late <= 0:
            break
        data = data[:, late:]
    return data


def _begun_softly(data: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Risen from nothing: at once where it begins with noise or sharply, slower where a slow wave would click."""
    changes = np.abs(np.diff(data[:, : round(0.01 * sample_rate_hz)], axis=-1))
    large = int(0.9 * changes.size)
    has_step = changes.size > 0 and np.abs(data[:, 0]).max() > _STEP * np.partition(changes, large, axis=None)[large]
    rise = min(data.shape[-1], max(2, round((_RISE_AFTER_STEP_S if has_step else _RISE_S) * sample_rate_hz)))
    data[:, :rise] *= np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    return data


def _release(data: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Gain over time that ends a sound without a click: short where it has died away, a real release where not."""
    frames = data.shape[-1]
    last = data[:, -max(1, round(0.08 * sample_rate_hz)) :]
    loud = float(np.sqrt(np.mean(last**2))) > 10 ** (_QUIET_END_DB / 20) * float(np.abs(data).max(initial=0.0))
    lasts_s = frames / sample_rate_hz
    fades = (
        [(min(0.12, max(0.02, 0.1 * lasts_s)), 50.0)]
        if loud
        else [(max(0.02, 0.06 * lasts_s), _FADED_DB), (0.004, 36.0)]
    )
    gain = np.ones(frames)
    for length_s, fall_db in fades:
        length = min(frames, round(length_s * sample_rate_hz))
        gain[frames - length :] *= 10 ** (-fall_db / 20 * (np.arange(length) + 1) / max(1, length))
    return gain.astype(np.float32)
