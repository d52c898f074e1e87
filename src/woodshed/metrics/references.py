"""Sounds that need no model: real ones drawn again, and the cheap tricks that a model must be compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, rfft

from woodshed.base.errors import UsageError
from woodshed.base.seeds import derive_seed
from woodshed.dsp import imdct, mdct, mdct_power, next_fast_length
from woodshed.metrics.sets import SoundSet, places_by_class, respeeded
from woodshed.sound import Sound

Floats = npt.NDArray[np.float32]

_HOP_S = 0.0058
_BANDS = 40
_FLOOR = 1e-7


def drawn_places(class_names: tuple[str, ...], *, like: tuple[str, ...], seed: int) -> npt.NDArray[np.int64]:
    """One place per wanted class, drawn with replacement among the sounds of that class ("" : among all).

    Raises
    ------
    UsageError
        If a wanted class has no sound.

    Examples
    --------
    >>> drawn_places(("kick", "snare", "kick"), like=("snare", "snare"), seed=0).tolist()
    [1, 1]
    """
    rng = np.random.default_rng(derive_seed(seed, "drawn"))
    places = places_by_class(class_names)
    everywhere = np.arange(len(class_names))
    chosen = []
    for name in like:
        among = places.get(name, everywhere if name == "" else everywhere[:0])
        if among.size == 0:
            raise UsageError(
                f"There is no real sound of class {name!r} to compare with",
                cause="the model knows a class that this set of sounds lacks",
                way_out="compare with the sounds the model was trained on",
            )
        chosen.append(int(rng.choice(among)))
    return np.array(chosen, dtype=np.int64)


def half_places(groups: tuple[str, ...], *, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two halves as even as whole groups allow: groups in random order, each to the half that is smaller so far.

    Examples
    --------
    >>> first, second = half_places(("a", "a", "b", "b"), seed=0)
    >>> len(first), len(second)
    (2, 2)
    """
    names = np.asarray(groups, dtype=object)
    order = np.random.default_rng(derive_seed(seed, "halves")).permutation(sorted(set(groups)))
    halves: tuple[list[int], list[int]] = ([], [])
    for group in order:
        halves[0 if len(halves[0]) <= len(halves[1]) else 1].extend(np.flatnonzero(names == group).tolist())
    return np.sort(np.array(halves[0], dtype=np.int64)), np.sort(np.array(halves[1], dtype=np.int64))


def drawn_again(real: SoundSet, *, like: tuple[str, ...], seed: int) -> SoundSet:
    """Real sounds drawn again, with replacement, in the classes of ``like``: the best a copying machine can do."""
    return real.taken(drawn_places(real.class_names, like=like, seed=seed))


def augmented_copies(real: SoundSet, *, like: tuple[str, ...], seed: int, strength: float = 1.0) -> SoundSet:
    """Real sounds, each a little faster or slower (2.5 semitones at most), tilted, and decaying faster or slower.

    All changes are multiplied with ``strength``; 0 gives the sounds themselves.
    """
    drawn = drawn_again(real, like=like, seed=seed)
    return drawn.changed(
        [_augmented(sound, _rng(seed, "augmented", place), strength) for place, sound in enumerate(drawn.sounds)]
    )


def means_of_two(real: SoundSet, *, like: tuple[str, ...], seed: int, strength: float = 1.0) -> SoundSet:
    """The mean of two real sounds of one class, both brought to the same peak.

    ``strength`` is the level of the second beside the first: 0 gives the first itself.
    """
    first, second = _pairs(real, like=like, seed=seed)
    return first.changed([_mean(one, two, strength) for one, two in zip(first.sounds, second.sounds, strict=True)])


def crossed(real: SoundSet, *, like: tuple[str, ...], seed: int, strength: float = 1.0) -> SoundSet:
    """The band envelope of one real sound with the fine structure of another of its class.

    Below ``strength`` 1 the envelope stays between the two, in decibels; 0 gives the second sound under its own.
    """
    first, second = _pairs(real, like=like, seed=seed)
    return first.changed([_crossed(one, two, strength) for one, two in zip(first.sounds, second.sounds, strict=True)])


def coloured_noise(real: SoundSet, *, like: tuple[str, ...], seed: int) -> SoundSet:
    """Noise under the mean band envelope of the class: knows the class, but no sound of it."""
    drawn = drawn_again(real, like=like, seed=seed)
    envelopes = {name: _mean_envelope(real, name, seed=seed) for name in sorted(set(drawn.class_names))}
    return drawn.changed(
        [
            _noise_under(envelopes[name], sound, _rng(seed, "noise", place))
            for place, (sound, name) in enumerate(zip(drawn.sounds, drawn.class_names, strict=True))
        ],
    )


def cross(envelope_of: Sound, fine_of: Sound) -> Sound:
    """The band envelope of one sound with the fine structure of another, both from the start of the file."""
    return _crossed(envelope_of, fine_of, 1.0)


REFERENCES: Mapping[str, Callable[..., SoundSet]] = {
    "real, drawn again": drawn_again,
    "augmented copies": augmented_copies,
    "mean of two": means_of_two,
    "envelope x fine structure": crossed,
    "coloured noise": coloured_noise,
}
"""The reference rows by name; each takes (real, *, like, seed)."""


STRENGTHS: Mapping[str, tuple[Callable[..., SoundSet], tuple[float, ...]]] = {
    "augmented copies": (augmented_copies, (0.25, 0.5, 1.0, 2.0, 3.0)),
    "mean of two": (means_of_two, (0.1, 0.3, 0.6, 1.0)),
    "envelope x fine structure": (crossed, (0.25, 0.5, 0.75, 1.0)),
}
"""Tricks by how strongly they change a real sound, from little to much; each takes (real, *, like, seed, strength)."""


def _rng(seed: int, *path: str | int) -> np.random.Generator:
    return np.random.default_rng(derive_seed(seed, *path))


def _pairs(real: SoundSet, *, like: tuple[str, ...], seed: int) -> tuple[SoundSet, SoundSet]:
    """Two different sounds of one class for each wanted class; the same one twice where a class has only one."""
    first = drawn_places(real.class_names, like=like, seed=derive_seed(seed, "first"))
    second = drawn_places(real.class_names, like=like, seed=derive_seed(seed, "second"))
    rng = _rng(seed, "others")
    places = places_by_class(real.class_names)
    for at in np.flatnonzero(first == second):
        others = places[real.class_names[first[at]]]
        others = others[others != first[at]]
        second[at] = rng.choice(others) if others.size else second[at]
    return real.taken(first), real.taken(second)


def _augmented(sound: Sound, rng: np.random.Generator, strength: float) -> Sound:
    drawn = strength * rng.uniform((-2.5, -1.5, -12.0), (2.5, 1.5, 6.0))
    semitones, tilt_db_per_octave, bend_db_per_s = drawn
    data = respeeded(sound, cents=100 * float(semitones)).data
    padded = next_fast_length(data.shape[1] + 512)
    frequency_hz = np.maximum(np.fft.rfftfreq(padded, 1 / sound.sample_rate_hz), 30.0)
    tilt = 10 ** (tilt_db_per_octave * np.log2(frequency_hz / 1000.0) / 20)
    spectrum = np.asarray(rfft(data, n=padded, axis=-1)) * tilt.astype(np.float32)
    tilted = np.asarray(irfft(spectrum, n=padded, axis=-1))[:, : data.shape[1]]
    time_s = np.arange(data.shape[1]) / sound.sample_rate_hz
    return _levelled(tilted * 10 ** (bend_db_per_s * time_s / 20), sound.sample_rate_hz)


def _mean(one: Sound, two: Sound, strength: float) -> Sound:
    frames = max(one.frames, two.frames)
    first, second = (_padded(sound, frames) / max(sound.peak, 1e-9) for sound in _same(one, two))
    return _levelled(first + np.float32(strength) * second, one.sample_rate_hz)


def _same(one: Sound, two: Sound) -> tuple[Sound, Sound]:
    """Two sounds on as many channels as the wider of them; a surround one is mixed to mono."""
    channels = max(one.channels, two.channels)
    if channels > 2 and one.channels != two.channels:
        channels = 1
    return one.with_channels(channels), two.with_channels(channels)


def _padded(sound: Sound, frames: int) -> Floats:
    return np.pad(sound.data, ((0, 0), (0, max(0, frames - sound.frames))))[:, :frames]


def _levelled(data: npt.ArrayLike, sample_rate_hz: int) -> Sound:
    values = np.asarray(data, dtype=np.float32)
    return Sound(values * np.float32(0.9 / max(float(np.max(np.abs(values), initial=0.0)), 1e-9)), sample_rate_hz)


def _crossed(one: Sound, two: Sound, strength: float) -> Sound:
    """Where the second sound is silent there is no fine structure to borrow: noise stands in for it."""
    one, two = _same(one, two)
    hop = _hop(one.sample_rate_hz)
    borrowed = _padded(two, one.frames)
    envelope = _spread(_envelope(borrowed, hop), hop)
    noise = np.random.default_rng(derive_seed(one.frames, "beyond the end")).normal(size=envelope.shape)
    unit = np.where(envelope > 2 * _FLOOR**0.5, mdct(borrowed, hop_frames=hop) / envelope, noise)
    wanted = _spread(_above_floor(_envelope(one.data, hop)), hop)
    if strength < 1.0:
        wanted = wanted**strength * envelope ** (1 - strength)
    shaped = unit * wanted
    return _levelled(imdct(shaped.astype(np.float32), frames=one.frames), one.sample_rate_hz)


def _hop(sample_rate_hz: int) -> int:
    return 2 * round(_HOP_S * sample_rate_hz / 2)


def _edges(hop_frames: int) -> npt.NDArray[np.int64]:
    """Borders of 40 bands over the bins: single bins first, then ever wider ones; always rising."""
    wanted = np.geomspace(1, hop_frames, _BANDS)
    edges = [0]
    for edge in wanted:
        edges.append(max(edges[-1] + 1, round(edge)))
    return np.minimum(np.unique(np.array(edges)), hop_frames)


def _envelope(data: Floats, hop_frames: int) -> Floats:
    """Root mean power of each band in each hop, shape ``(channels, hops, bands)``."""
    power = mdct_power(data, hop_frames=hop_frames)
    edges = np.unique(_edges(hop_frames))
    summed = np.add.reduceat(power, edges[:-1], axis=-1) / np.diff(edges)
    return np.sqrt(summed + _FLOOR).astype(np.float32)


def _above_floor(envelope: Floats) -> Floats:
    """A band envelope without the floor that keeps its logarithm finite."""
    return np.sqrt(np.maximum(envelope**2 - _FLOOR, 0.0)).astype(np.float32)


def _spread(envelope: Floats, hop_frames: int) -> Floats:
    """A band envelope over all bins, shape ``(channels, hops, hop_frames)``."""
    return np.repeat(envelope, np.diff(np.unique(_edges(hop_frames))), axis=-1)


def _mean_envelope(real: SoundSet, class_name: str, *, seed: int, most: int = 64) -> Floats:
    """Mean log band envelope of a class, shape ``(hops, bands)``; over at most so many sounds."""
    places = places_by_class(real.class_names)[class_name]
    places = _rng(seed, "envelope", class_name).permutation(places)[:most]
    hop = _hop(real.sample_rate_hz)
    peaks = [sound.scaled(1 / max(sound.peak, 1e-9)).mono() for sound in real.taken(places).sounds]
    logs = [np.log(_envelope(sound.data, hop)[0]) for sound in peaks]
    hops = max(len(log) for log in logs)
    silent = np.log(_FLOOR) / 2
    return np.mean([np.pad(log, ((0, hops - len(log)), (0, 0)), constant_values=silent) for log in logs], axis=0)


def _noise_under(log_envelope: Floats, sound: Sound, rng: np.random.Generator) -> Sound:
    hop = _hop(sound.sample_rate_hz)
    envelope = _above_floor(np.exp(log_envelope))[None]
    coefficients = (rng.normal(size=(1, len(log_envelope), hop)) * _spread(envelope, hop)).astype(np.float32)
    return _levelled(imdct(coefficients, frames=(len(log_envelope) - 1) * hop), sound.sample_rate_hz)
