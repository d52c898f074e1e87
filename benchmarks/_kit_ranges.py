"""Where the kit's classes stand among the real ones, descriptor by descriptor, and how near its sounds lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks._kit_listeners import log_mel
from benchmarks._kit_sounds import Heard, group_folds
from woodshed.dsp.descriptors import descriptor_index, descriptors

COMPARED = (
    "duration_s",
    "attack_time_ms",
    "decay_time_ms",
    "long_decay_time_ms",
    "temporal_centroid_s",
    "early_energy_share",
    "crest_db",
    "bursts",
    "modulation_6_hz_db",
    "modulation_24_hz_db",
    "centroid_hz",
    "spread_hz",
    "flatness",
    "rolloff_hz",
    "tilt_db_per_octave",
    "low_band_db",
    "mid_band_db",
    "high_band_db",
    "zero_crossing_rate_hz",
    "flux",
    "attack_centroid_hz",
    "late_centroid_hz",
    "pitch_strength",
    "stereo_width",
)
"""Envelope, spectrum and modulation as a drummer would argue about them."""

FEWEST = 10
"""A class needs this many real sounds before it has a range; cowbells (4) do not."""

Table = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Place:
    """The middle of made sounds beside the range of real ones, for one class and one descriptor."""

    class_name: str
    descriptor: str
    real_low: float
    real_middle: float
    real_high: float
    made_middle: float

    @property
    def inside(self) -> bool:
        """Whether the made middle lies in the 5 to 95 % range of the real sounds (to a millionth of its width)."""
        slack = 1e-6 * (1.0 + self.real_high - self.real_low)
        return self.real_low - slack <= self.made_middle <= self.real_high + slack


def measured(hits: Sequence[Heard]) -> Table:
    """Descriptors of the sounds of each class, shape ``(sounds, len(COMPARED))``."""
    columns = [descriptor_index(name) for name in COMPARED]
    table: dict[str, list[npt.NDArray[np.float64]]] = {}
    for hit in hits:
        vector = descriptors(hit.sound.data, hit.sound.sample_rate_hz)[columns]
        table.setdefault(hit.class_name, []).append(vector.astype(np.float64))
    return {name: np.stack(rows) for name, rows in table.items()}


def placed(real: Mapping[str, npt.NDArray[np.float64]], made: Mapping[str, npt.NDArray[np.float64]]) -> list[Place]:
    """Every class both have with enough real sounds, times every descriptor."""
    places = []
    for name in made:
        if name not in real or len(real[name]) < FEWEST:
            continue
        low, middle, high = np.percentile(real[name], [5, 50, 95], axis=0)
        for index, descriptor in enumerate(COMPARED):
            places.append(
                Place(name, descriptor, low[index], middle[index], high[index], float(np.median(made[name][:, index])))
            )
    return places


def held_out_share(hits: Sequence[Heard], *, folds: int) -> float:
    """The same share for real kits held out against the other real kits: what an unseen real kit reaches."""
    inside = []
    for held in group_folds(hits, folds=folds):
        rest = measured([hit for hit in hits if hit.group not in held])
        away = {
            name: rows for name, rows in measured([hit for hit in hits if hit.group in held]).items() if len(rows) >= 5
        }
        inside += [place.inside for place in placed(rest, away)]
    return float(np.mean(inside))


def nearest_db(hits: Sequence[Heard]) -> dict[str, float]:
    """The smallest distance between two sounds of each class: root mean square over the log-mel map, in dB."""
    nearest = {}
    for name in dict.fromkeys(hit.class_name for hit in hits):
        maps = np.stack([log_mel(hit.sound).ravel() for hit in hits if hit.class_name == name])
        squares = np.sum(maps**2, axis=1)
        distances = squares[:, None] + squares[None] - 2.0 * maps @ maps.T
        np.fill_diagonal(distances, np.inf)
        nearest[name] = float(np.sqrt(max(distances.min(), 0.0) / maps.shape[1]))
    return nearest
