"""What must never reach a listener: silence, clipping, DC, noise floors, late starts. Counted before any finishing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from woodshed.dsp import first_onset_s
from woodshed.sound import Sound

FAULTS = ("not numbers", "silent", "over full scale", "clipped", "dc", "late start", "cut tail", "noise floor")
"""The names of the faults, worst first."""

SILENT_PEAK = 1e-3
DC_SHARE = 0.02
LATE_S = 0.010
CUT_TAIL_DB = -30.0
NOISE_FLOOR_DB = -40.0
_FLAT_FRAMES = 4
_TAIL_S = 0.003


@dataclass(frozen=True)
class Hygiene:
    """The faults of one sound (names out of ``FAULTS``) and the levels they were read from.

    ``dc`` is the mean as a share of the peak; ``onset_s`` the start of the sound; ``tail_db`` the level of the last
    3 ms and ``floor_db`` the level of the quietest tenth of the sound, both RMS below the peak.
    """

    faults: tuple[str, ...]
    peak: float
    dc: float
    onset_s: float
    tail_db: float
    floor_db: float

    @property
    def clean(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


def hygiene(sound: Sound) -> Hygiene:
    """Look for the faults of one sound as it is, before trimming or levelling.

    - not numbers: NaN or infinity, or no audio at all
    - silent: peak below -60 dB
    - over full scale: peak above 1
    - clipped: 4 or more equal frames in a row at 0.9 of the peak or above
    - dc: a mean of more than 2 % of the peak
    - late start: more than 10 ms before the onset
    - cut tail: the last 3 ms lie above -30 dB under the peak, so the end clicks
    - noise floor: the quietest 20 ms still lie above -40 dB under the peak, in sounds of more than 0.5 s

    Examples
    --------
    >>> hygiene(Sound(np.zeros(1000), 44100)).faults
    ('silent',)
    """
    data = sound.data
    if data.shape[1] == 0 or not np.isfinite(data).all():
        return Hygiene(("not numbers",), float("nan"), float("nan"), float("nan"), float("nan"), float("nan"))
    if sound.peak < SILENT_PEAK:
        return Hygiene(("silent",), sound.peak, 0.0, 0.0, -120.0, -120.0)
    rate, peak = sound.sample_rate_hz, sound.peak
    dc = float(np.abs(data.mean(axis=1)).max()) / peak
    onset_s = first_onset_s(data, rate)
    tail_db = _level_db(data[:, -max(1, round(_TAIL_S * rate)) :], peak)
    floor_db = _floor_db(data, peak, frames=max(1, rate // 50))
    found = {
        "over full scale": peak > 1.0,
        "clipped": _is_clipped(data, peak),
        "dc": dc > DC_SHARE,
        "late start": onset_s > LATE_S,
        "cut tail": tail_db > CUT_TAIL_DB,
        "noise floor": sound.duration_s > 0.5 and floor_db > NOISE_FLOOR_DB,
    }
    return Hygiene(tuple(name for name in FAULTS if found.get(name)), peak, dc, onset_s, tail_db, floor_db)


def energy_before_onset_db(sound: Sound) -> float:
    """Energy before the onset as a share of the whole, in dB, -120 or more; of the sound as it is, before trimming.

    Examples
    --------
    >>> energy_before_onset_db(Sound(np.concatenate([np.zeros(500), np.ones(500)]), 44100))
    -120.0
    """
    energy = np.sum(np.nan_to_num(sound.data, posinf=0.0, neginf=0.0).astype(np.float64) ** 2, axis=0)
    total = float(energy.sum())
    if total <= 0.0:
        return -120.0
    onset = round(
        first_onset_s(np.nan_to_num(sound.data, posinf=0.0, neginf=0.0), sound.sample_rate_hz) * sound.sample_rate_hz
    )
    return max(-120.0, 10 * float(np.log10(energy[:onset].sum() / total + 1e-12)))


def fault_counts(findings: Sequence[Hygiene]) -> dict[str, int]:
    """How many sounds have each fault; every fault is named."""
    return {name: sum(name in finding.faults for finding in findings) for name in FAULTS}


def _level_db(data: npt.NDArray[np.float32], peak: float) -> float:
    power = float(np.mean(data.astype(np.float64) ** 2))
    return max(-120.0, 10 * np.log10(power / peak**2 + 1e-12))


def _floor_db(data: npt.NDArray[np.float32], peak: float, *, frames: int) -> float:
    """Level of the quietest whole stretch of so many frames, relative to the peak."""
    count = data.shape[1] // frames
    if count == 0:
        return _level_db(data, peak)
    pieces = data[:, : count * frames].reshape(data.shape[0], count, frames)
    power = float(np.mean(pieces.astype(np.float64) ** 2, axis=(0, 2)).min())
    return max(-120.0, 10 * np.log10(power / peak**2 + 1e-12))


def _is_clipped(data: npt.NDArray[np.float32], peak: float) -> bool:
    """Whether a few equal frames in a row stand near the peak."""
    flat = (np.diff(data, axis=1) == 0) & (np.abs(data[:, 1:]) >= 0.9 * peak)
    run = flat[:, : flat.shape[1] - (_FLAT_FRAMES - 2)].copy() if flat.shape[1] >= _FLAT_FRAMES - 1 else flat[:, :0]
    for shift in range(1, _FLAT_FRAMES - 1):
        run &= flat[:, shift : shift + run.shape[1]]
    return bool(run.any())
