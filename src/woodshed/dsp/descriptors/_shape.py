"""Descriptors of the shape in time: onset, attack, decay, tail, bursts and tremor."""

from __future__ import annotations

import numpy as np

from woodshed.dsp.descriptors._view import Descriptor, Numbers, View, share_db

FLOOR_DB = -120.0
MODULATION_FLOOR_DB = -60.0
MODULATION_BANDS_HZ = ((1, 0.5, 2.0), (3, 2.0, 4.0), (6, 4.0, 8.0), (12, 8.0, 16.0), (24, 16.0, 32.0), (48, 32.0, 64.0))
_MODULATION_EDGES_HZ = (0.5, *(high for _, _, high in MODULATION_BANDS_HZ))
_BURST_DB = 9.0
_BURST_STEP = 5

TABLE = (
    Descriptor("onset_s", "s", "when the sound begins"),
    Descriptor("attack_time_ms", "ms", "from 10 % to 90 % of the peak of the envelope (8 ms smooth)"),
    Descriptor("decay_time_ms", "ms", "from the peak to the last time above -20 dB of it"),
    Descriptor("long_decay_time_ms", "ms", "from the peak to the last time above -40 dB of it"),
    Descriptor("decay_rate_db_per_s", "db/s", "slope of the level from the peak to -40 dB; falling is negative"),
    Descriptor("temporal_centroid_s", "s", "centre of gravity of the envelope"),
    Descriptor("temporal_spread_s", "s", "standard deviation of the envelope in time"),
    Descriptor("sounding_time_s", "s", "time within 30 dB of the peak of the envelope"),
    Descriptor("pre_onset_energy_db", "db", "energy before the onset, of the whole, -120 or more", FLOOR_DB),
    Descriptor("tail_level_db", "db", "level of the last 20 ms, of the peak of the envelope, -120 or more", FLOOR_DB),
    Descriptor("early_energy_share", "share", "energy in the first 50 ms from the onset on, of the whole"),
    Descriptor("envelope_flatness", "share", "mean envelope of its peak; 1 for a steady sound"),
    Descriptor("bursts", "count", "times the envelope rises by 9 dB or more, up to 40 dB below its peak"),
    *(
        Descriptor(
            f"modulation_{middle}_hz_db",
            "db",
            f"power of the tremor from {low:g} to {high:g} Hz, of the squared mean of the envelope, -60 or more",
            MODULATION_FLOOR_DB,
        )
        for middle, low, high in MODULATION_BANDS_HZ
    ),
)


def values(view: View) -> list[float]:
    """The values of the table above, in its order."""
    envelope = view.envelope
    amplitude, times = envelope.amplitude, envelope.times_s()
    centroid_s = envelope.temporal_centroid_s()
    spread = float(np.sum(np.square(times - centroid_s) * amplitude)) / max(float(amplitude.sum()), 1e-30)
    before, early, total = _energies(view)
    return [
        view.onset_s,
        envelope.attack_time_ms(),
        envelope.decay_time_ms(fall_db=20.0),
        envelope.decay_time_ms(fall_db=40.0),
        _decay_rate(amplitude, hop_s=envelope.hop_s),
        centroid_s,
        float(np.sqrt(spread)),
        float(np.count_nonzero(amplitude >= 10.0 ** (-30.0 / 20.0) * envelope.peak)) * envelope.hop_s,
        share_db(before, total, floor_db=FLOOR_DB),
        max(FLOOR_DB, envelope.tail_level_db()),
        early / total if total > 0.0 else 0.0,
        float(amplitude.mean()) / max(envelope.peak, 1e-30),
        float(_bursts(amplitude)),
        *_modulation(amplitude, hop_s=envelope.hop_s),
    ]


def _energies(view: View) -> tuple[float, float, float]:
    """Energy before the onset, in the 50 ms from it on, and in all."""
    onset = round(view.onset_s * view.rate)
    head = view.audio[:, :onset]
    early = view.audio[:, onset : onset + round(0.05 * view.rate)]
    total = float(np.trace(view.gram)) * view.frames
    return float(np.vdot(head, head)), float(np.vdot(early, early)), total


def _decay_rate(amplitude: Numbers, *, hop_s: float) -> float:
    """Slope of the straight line through the level from the peak to the first time 40 dB below it, in dB per second."""
    start = int(np.argmax(amplitude >= 0.995 * amplitude.max()))
    level = amplitude[start:]
    below = np.flatnonzero(level < 0.01 * level[0])
    level = level[: int(below[0])] if below.size else level
    if level.size < 2:
        return 0.0
    level_db = 20.0 * np.log10(np.maximum(level, 1e-30))
    time = np.arange(level.size) * hop_s
    time = time - time.mean()
    return float(time @ level_db / (time @ time))


def _bursts(amplitude: Numbers) -> int:
    """Rises of 9 dB or more, counted with memory: each must be followed by a fall of as much before the next."""
    peak = float(amplitude.max(initial=0.0))
    if peak <= 0.0:
        return 0
    coarse = np.maximum.reduceat(amplitude, np.arange(0, amplitude.size, _BURST_STEP)) / peak
    level_db = 20.0 * np.log10(np.maximum(coarse, 0.01))
    count, low, high, rising = 0, -40.0, -40.0, False
    for level in level_db.tolist():
        if rising:
            high = max(high, level)
            if level < high - _BURST_DB:
                rising, low = False, level
        else:
            low = min(low, level)
            if level >= low + _BURST_DB:
                rising, high, count = True, level, count + 1
    return count


def _modulation(amplitude: Numbers, *, hop_s: float) -> list[float]:
    """Power of the envelope in each band of tremor, in dB of the power of its mean."""
    mean = float(amplitude.mean())
    if amplitude.size < 4 or mean <= 0.0:
        return [MODULATION_FLOOR_DB] * len(MODULATION_BANDS_HZ)
    spectrum = np.fft.rfft(amplitude / mean - 1.0)
    power = 2.0 * np.square(np.abs(spectrum)) / amplitude.size**2
    edges = np.ceil(np.array(_MODULATION_EDGES_HZ) * amplitude.size * hop_s - 1e-9).astype(np.int64)
    sums = np.concatenate([[0.0], np.cumsum(power)])[np.minimum(edges, power.size)]
    return [share_db(part, 1.0, floor_db=MODULATION_FLOOR_DB) for part in np.diff(sums).tolist()]
