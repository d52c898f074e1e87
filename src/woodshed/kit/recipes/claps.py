"""Claps: the burst of a drum machine, and rooms full of hands."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log, whole
from woodshed.kit.shaping import added, bandpass, decaying, delayed, frames_of, levelled, resonated, saturated
from woodshed.kit.tones import noise, struck_noise


def _burst(p: Parameters, seed: int) -> Wave:
    """Three to five teeth of one noise, then a tail."""
    duration_s = p["gap_s"] * p["teeth"] + 4.0 * p["tail_s"] + 0.05
    raw = noise(duration_s, seed=seed, channels=2)
    raw = raw.mean(axis=0) * (1 - p["spread"]) + raw * p["spread"]
    teeth = int(p["teeth"])
    rng = np.random.default_rng(derive_seed(seed, "teeth"))
    envelope = np.zeros(raw.shape[-1])
    for index in range(teeth):
        start_s = index * p["gap_s"] * (1 + 0.12 * rng.standard_normal()) if index else 0.0
        tooth = decaying(
            np.ones(raw.shape[-1]), decay_s=0.009 if index < teeth - 1 else 0.016, start_s=max(start_s, 0.0)
        )
        envelope = np.maximum(envelope, tooth * rng.uniform(0.7, 1.0))
    shaped = (
        levelled(raw * envelope)
        + p["tail"] * delayed(_room(p, seed, duration_s=duration_s), p["gap_s"] * (teeth - 1))[:, : raw.shape[-1]]
    )
    banded = bandpass(shaped, p["tone_hz"] * 0.55, p["tone_hz"] * 2.4, order=1)
    return saturated(resonated(banded, p["tone_hz"], q=2.5, amount=p["ring"]), p["drive"])


def _room(p: Parameters, seed: int, *, duration_s: float) -> Wave:
    """The answer of the walls: two sides, its highs gone before its middle."""
    return struck_noise(
        duration_s,
        low_hz=0.3 * p["tone_hz"],
        high_hz=6.0 * p["tone_hz"],
        decay_s=p["tail_s"],
        damping=0.25,
        slope_db=p["tail_slope_db"],
        seed=derive_seed(seed, "walls"),
        channels=2,
        attack_s=0.003,
    )


def _hand(seed: int, *, tone_hz: float, decay_s: float) -> Wave:
    """Two palms: a click of air with one or two cavities of its own."""
    rng = np.random.default_rng(derive_seed(seed, "hand"))
    raw = decaying(noise(0.16, seed=seed), decay_s=decay_s, attack_s=0.0006)
    cavity = resonated(bandpass(raw, 0.45 * tone_hz, 4.5 * tone_hz, order=1), tone_hz, q=rng.uniform(2, 6), amount=2.5)
    return levelled(resonated(cavity, tone_hz * rng.uniform(1.8, 2.6), q=4, amount=1.0))


def _hands(p: Parameters, seed: int) -> Wave:
    """Several people, each at a place, with a moment and a cavity of their own."""
    rng = np.random.default_rng(derive_seed(seed, "people"))
    people = int(p["people"])
    total = np.zeros((2, frames_of(0.5 + p["spread_s"])))
    for index in range(people):
        late_s = 0.0 if index == 0 else abs(rng.normal(0.0, p["spread_s"]))
        hand = _hand(
            derive_seed(seed, "person", index), tone_hz=p["tone_hz"] * rng.uniform(0.75, 1.35), decay_s=p["decay_s"]
        )
        side = rng.uniform(0.15, 0.85)
        heard = hand * rng.uniform(0.5, 1.0)
        lag_s = (side - 0.5) * 0.0008
        left = delayed(heard * np.cos(0.5 * np.pi * side), late_s + max(lag_s, 0.0))
        right = delayed(heard * np.sin(0.5 * np.pi * side), late_s + max(-lag_s, 0.0))
        for channel, wave in enumerate((left, right)):
            frames = min(len(wave), total.shape[1])
            total[channel, :frames] += wave[:frames]
    return saturated(
        added(levelled(total), p["tail"] * _room(p, seed, duration_s=0.15 + 3.0 * p["tail_s"])), p["drive"]
    )


_BURST = {
    "tone_hz": log(900, 2400),
    "gap_s": log(0.008, 0.014),
    "teeth": whole(3, 5),
    "tail": log(0.15, 0.5),
    "tail_slope_db": lin(0.0, 4.0),
    "tail_s": log(0.13, 0.3),
    "ring": lin(0.2, 1.5),
    "spread": lin(0.2, 0.9),
    "drive": lin(0.0, 0.4),
}
_HANDS = {
    "people": whole(3, 8),
    "tone_hz": log(1000, 2500),
    "decay_s": log(0.008, 0.025),
    "spread_s": log(0.006, 0.016),
    "tail": log(0.15, 0.5),
    "tail_slope_db": lin(0.0, 4.0),
    "tail_s": log(0.13, 0.3),
    "drive": lin(0.0, 0.3),
}

CLAPS = (
    Recipe("clap", "Burst", "electronic", _BURST, _burst),
    Recipe(
        "clap",
        "Wide",
        "electronic",
        {**_BURST, "spread": lin(0.7, 1.0), "tail_s": log(0.16, 0.32), "tail": log(0.2, 0.6)},
        _burst,
    ),
    Recipe("clap", "Hands", "acoustic", _HANDS, _hands, weight=1.4),
    Recipe("clap", "Duo", "acoustic", {**_HANDS, "people": whole(1, 2), "spread_s": log(0.002, 0.008)}, _hands),
)
