"""What guides measure of a sound, and the numbers that a target sound leaves behind: never its audio."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from woodshed.nn import loudness_db, mel_levels_db, octave_centres_hz, octave_levels_db, rises_db
from woodshed.sound import Sound

Points = tuple[tuple[float, float], ...]

CONTOUR_HOP_S = 0.01
RISE_HOP_S = 0.006
_RISE_FLOOR_DB = -50.0
_PICTURE_HOP_S = 0.008
_PICTURE_FLOOR_DB = -60.0


def spectrum_of(sound: Sound) -> Points:
    """The curve of `Spectrum` of a sound."""
    levels = octave_levels_db(_tensor(sound), sample_rate_hz=sound.sample_rate_hz)[0].tolist()
    return _rounded(zip(octave_centres_hz(sample_rate_hz=sound.sample_rate_hz), levels, strict=True))


def loudness_of(sound: Sound) -> Points:
    """The points of `Loudness` of a sound."""
    levels = loudness_db(_tensor(sound), sample_rate_hz=sound.sample_rate_hz, hop_s=CONTOUR_HOP_S)[0].tolist()
    return _rounded((CONTOUR_HOP_S * number, level) for number, level in enumerate(levels))


def groove_of(sound: Sound) -> Points:
    """The points of `Rises` of a sound: how strongly something begins at each moment."""
    curve = onset_curve(_tensor(sound), sample_rate_hz=sound.sample_rate_hz)[0]
    return _rounded((RISE_HOP_S * number, rise) for number, rise in enumerate((curve / curve.max()).tolist()))


def picture_of(sound: Sound) -> tuple[tuple[float, ...], ...]:
    """The mel picture of `Unlike` of a sound."""
    picture = _picture(_tensor(sound), sound.sample_rate_hz)[0]
    return tuple(tuple(round(level, 1) for level in band) for band in picture.tolist())


def onset_curve(audio: Tensor, *, sample_rate_hz: int) -> Tensor:
    """How strongly something begins at each moment (every 6 ms), ``(batch, hops)``."""
    picture = mel_levels_db(audio, sample_rate_hz=sample_rate_hz, hop_s=RISE_HOP_S, floor_db=_RISE_FLOOR_DB)
    return rises_db(picture, floor_db=_RISE_FLOOR_DB)


def picture_distance_db(audio: Tensor, picture: Sequence[Sequence[float]], *, sample_rate_hz: int) -> Tensor:
    """Root mean square between mel pictures, over the longer of the two, ``(batch,)``."""
    got = _picture(audio, sample_rate_hz)
    other = torch.tensor(picture).to(audio)
    hops = max(got.shape[-1], other.shape[-1])
    got, other = (_held_low(some, hops) for some in (got, other[None]))
    return ((got - other).square().mean((1, 2)) + 1e-6).sqrt()


def _picture(audio: Tensor, sample_rate_hz: int) -> Tensor:
    return mel_levels_db(audio, sample_rate_hz=sample_rate_hz, hop_s=_PICTURE_HOP_S, floor_db=_PICTURE_FLOOR_DB)


def _held_low(picture: Tensor, hops: int) -> Tensor:
    return torch.nn.functional.pad(picture, (0, hops - picture.shape[-1]), value=_PICTURE_FLOOR_DB)


def _tensor(sound: Sound) -> Tensor:
    return torch.from_numpy(np.array(sound.data))[None]


def _rounded(pairs: Iterable[tuple[float, float]]) -> Points:
    return tuple((round(place, 4), round(value, 3)) for place, value in pairs)
