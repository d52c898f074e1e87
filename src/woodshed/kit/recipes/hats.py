"""Hats and cymbals: plates of hundreds of modes, six squares, combed noise; strike and wash."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log
from woodshed.kit.shaping import added, bandpass, decaying, frames_of, highpass, levelled, lowpass, saturated, times
from woodshed.kit.tones import metal_modes, modes, noise, square, struck_noise

_SIX_HZ = np.array([205.3, 304.4, 369.6, 522.7, 540.0, 800.0])


def plate(
    p: Parameters, seed: int, *, duration_s: float, count: int, low_hz: float, high_hz: float, spread: float
) -> Wave:
    """A struck plate in stereo: modes with a hump at ``tone_hz``, highs dying sooner, each mode at its own place.

    Returns
    -------
    Wave
        Shape ``(2, frames)``.
    """
    rng = np.random.default_rng(derive_seed(seed, "modes"))
    hz = metal_modes(seed=seed, count=count, low_hz=low_hz, high_hz=high_hz, slope=p["density"])
    octaves = np.log2(hz / p["tone_hz"])
    low_edge = np.minimum(np.log2(hz / low_hz) / 2.0, 1.0)  # the lowest modes fade in over two octaves
    level_db = -p["low_slope_db"] * np.maximum(-octaves, 0) - p["high_slope_db"] * np.maximum(octaves, 0)
    gains = 10 ** (level_db / 20) * low_edge * rng.rayleigh(0.8, count)
    decay_s = p["decay_s"] * (hz / p["tone_hz"]) ** -p["damping"] * rng.uniform(0.6, 1.5, count)
    decay_s = np.clip(decay_s, 0.15 * p["decay_s"], 1.6 * p["decay_s"])
    phases = rng.random(count)
    sides = [
        modes(duration_s, hz=hz, decay_s=decay_s, gains=gains * (1 + spread * side), phases=phases + spread * shift)
        for side, shift in (
            (rng.uniform(-0.6, 0.6, count), 0.0),
            (rng.uniform(-0.6, 0.6, count), rng.uniform(-0.25, 0.25, count)),
        )
    ]
    return np.stack(sides)


def _strike(p: Parameters, seed: int) -> Wave:
    tap = bandpass(noise(0.05, seed=derive_seed(seed, "stick")), p["stick_hz"] * 0.5, p["stick_hz"] * 1.8)
    return p["stick"] * levelled(decaying(tap, decay_s=0.007, attack_s=0.0003))


def _stand(p: Parameters, seed: int) -> Wave:
    """What the bell, the stand and the floor add below the metal."""
    low = bandpass(noise(0.9, seed=derive_seed(seed, "stand")), 70, 700, order=1)
    return p["body"] * levelled(decaying(low, decay_s=p["body_s"], attack_s=0.002))


def _wash(p: Parameters, seed: int, *, duration_s: float) -> Wave:
    """Noise on top of the modes, its highs dying sooner; the wider the plate, the more the sides differ."""
    low_hz = 0.25 * p["tone_hz"]
    hiss = struck_noise(
        duration_s,
        low_hz=low_hz,
        high_hz=18000,
        decay_s=2.0 * p["decay_s"],
        damping=0.2 + 0.4 * p["damping"],
        slope_db=-2.0,
        seed=derive_seed(seed, "wash"),
        channels=2,
    )
    apart = min(2.0 * p["spread"], 1.0)
    hiss = hiss.mean(axis=0) * (1 - apart) + hiss * apart
    return levelled(highpass(hiss, 0.5 * p["tone_hz"], order=1))


def _bronze_hat(p: Parameters, seed: int) -> Wave:
    """Two bronze plates: a dense bank of modes, their clap, and the rattle between them."""
    duration_s = 3.4 * p["decay_s"] + 0.05
    metal = levelled(
        plate(p, seed, duration_s=duration_s, count=260, low_hz=p["low_hz"], high_hz=19500, spread=p["spread"])
    )
    rattle = decaying(_wash(p, seed, duration_s=duration_s), decay_s=2.0 * p["decay_s"], attack_s=p["bloom_s"])
    hit = added(decaying(metal, decay_s=4 * p["decay_s"], attack_s=p["bloom_s"]), p["wash"] * rattle, _strike(p, seed))
    return added(hit, _stand(p, seed))


def _six_squares(p: Parameters, *, duration_s: float) -> Wave:
    time = times(duration_s)
    skew = 1 + p["skew"] * np.array([-1.0, 0.7, -0.4, 1.0, 0.3, -0.8])
    return sum(
        (square(p["tune"] * hz * time + 0.13 * index) for index, hz in enumerate(_SIX_HZ * skew)), np.zeros(len(time))
    )


def _six_hat(p: Parameters, seed: int) -> Wave:
    duration_s = 3.2 * p["decay_s"] + 0.03
    raw = _six_squares(p, duration_s=duration_s)
    low = decaying(bandpass(raw, 0.6 * p["tone_hz"], 1.3 * p["tone_hz"]), decay_s=0.6 * p["decay_s"], attack_s=0.0006)
    high = decaying(highpass(raw, 1.1 * p["tone_hz"], order=3), decay_s=p["decay_s"], attack_s=0.0006)
    hiss = decaying(highpass(noise(duration_s, seed=seed), p["tone_hz"]), decay_s=p["decay_s"], attack_s=0.0006)
    return saturated(added(0.4 * levelled(low), levelled(high), p["wash"] * levelled(hiss)), p["drive"])


def _combed_hat(p: Parameters, seed: int) -> Wave:
    """Noise through two short combs: a machine's idea of metal."""
    duration_s = 3.2 * p["decay_s"] + 0.03
    raw = highpass(noise(duration_s, seed=seed), 0.6 * p["tone_hz"])
    for length_s in (p["comb_s"], 1.414 * p["comb_s"]):
        lag = max(2, frames_of(length_s))
        combed = raw.copy()
        combed[lag:] -= p["comb"] * raw[:-lag]
        raw = combed
    raw = lowpass(highpass(raw, 0.7 * p["tone_hz"], order=3), p["top_hz"])
    return added(levelled(decaying(raw, decay_s=p["decay_s"], attack_s=0.0008)), _strike(p, seed))


def _struck_cymbal(p: Parameters, seed: int) -> Wave:
    """Stick, ping, then a wash that blooms and darkens over seconds."""
    duration_s = min(3.0 * p["decay_s"] + 0.3, 2.9)
    metal = levelled(
        plate(p, seed, duration_s=duration_s, count=420, low_hz=p["low_hz"], high_hz=18500, spread=p["spread"])
    )
    bloom = decaying(metal, decay_s=8 * p["decay_s"], attack_s=p["bloom_s"])
    early = decaying(metal, decay_s=0.08)
    wash = decaying(_wash(p, seed, duration_s=duration_s), decay_s=0.8 * p["decay_s"], attack_s=p["bloom_s"])
    return saturated(added(bloom, 0.5 * early, p["wash"] * wash, _strike(p, seed), _stand(p, seed)), p["drive"])


def _ride(p: Parameters, seed: int) -> Wave:
    """A ping that stands over a quiet wash."""
    duration_s = min(3.0 * p["decay_s"] + 0.3, 2.9)
    rng = np.random.default_rng(derive_seed(seed, "ping"))
    metal = plate(p, seed, duration_s=duration_s, count=300, low_hz=p["low_hz"], high_hz=16000, spread=p["spread"])
    hz = p["ping_hz"] * np.cumprod(np.concatenate([[1.0], rng.uniform(1.12, 1.5, 6)]))
    ping = modes(
        duration_s,
        hz=hz,
        decay_s=p["ping_s"] * rng.uniform(0.5, 1.2, 7),
        gains=rng.uniform(0.4, 1, 7),
        phases=rng.random(7),
    )
    bloom = decaying(levelled(metal), decay_s=8 * p["decay_s"], attack_s=p["bloom_s"])
    return added(
        p["wash"] * bloom,
        p["ping"] * levelled(decaying(ping, decay_s=9.0, attack_s=0.0008)),
        _strike(p, seed),
        _stand(p, seed),
    )


def _six_cymbal(p: Parameters, seed: int) -> Wave:
    duration_s = min(3.0 * p["decay_s"] + 0.1, 2.9)
    raw = _six_squares(p, duration_s=duration_s)
    low = decaying(bandpass(raw, 0.5 * p["tone_hz"], 1.1 * p["tone_hz"]), decay_s=p["decay_s"], attack_s=0.001)
    high = decaying(highpass(raw, 1.3 * p["tone_hz"]), decay_s=0.7 * p["decay_s"], attack_s=0.002)
    hiss = decaying(
        _wash({**p, "damping": 0.5, "spread": 0.15}, seed, duration_s=duration_s), decay_s=p["decay_s"], attack_s=0.002
    )
    return added(p["wash"] * hiss, 0.6 * levelled(low) + levelled(high))


_PLATE = {
    "tone_hz": log(5500, 9500),
    "low_hz": log(150, 500),
    "density": lin(0.2, 0.8),
    "low_slope_db": lin(5, 10),
    "high_slope_db": lin(4, 10),
    "damping": lin(0.1, 0.7),
    "spread": lin(0.02, 0.35),
    "wash": log(0.5, 1.8),
    "body": log(0.04, 0.4),
    "body_s": log(0.03, 0.25),
    "stick": log(0.1, 0.6),
    "stick_hz": log(3000, 7000),
}
_SIX = {
    "tune": log(0.8, 1.6),
    "skew": lin(0.0, 0.06),
    "tone_hz": log(6000, 9000),
    "wash": log(0.1, 0.7),
    "drive": lin(0.0, 0.5),
}
_COMB = {
    "tone_hz": log(5500, 9500),
    "comb_s": log(0.00008, 0.0005),
    "comb": lin(0.4, 0.95),
    "top_hz": log(11000, 19000),
    "stick": log(0.05, 0.4),
    "stick_hz": log(3000, 7000),
}
_SHUT, _AJAR = {"decay_s": log(0.045, 0.13)}, {"decay_s": log(0.28, 0.55)}

HATS_CLOSED = (
    Recipe(
        "hat-closed", "Bronze", "acoustic", {**_PLATE, **_SHUT, "bloom_s": log(0.001, 0.005)}, _bronze_hat, weight=2.0
    ),
    Recipe("hat-closed", "Six", "electronic", {**_SIX, **_SHUT}, _six_hat),
    Recipe("hat-closed", "Comb", "electronic", {**_COMB, **_SHUT}, _combed_hat),
)
HATS_OPEN = (
    Recipe(
        "hat-open",
        "Bronze",
        "acoustic",
        {
            **_PLATE,
            **_AJAR,
            "tone_hz": log(3800, 6200),
            "low_slope_db": lin(3, 7),
            "damping": lin(0.05, 0.4),
            "bloom_s": log(0.010, 0.05),
            "spread": lin(0.01, 0.2),
            "wash": log(0.8, 2.5),
        },
        _bronze_hat,
        weight=2.0,
    ),
    Recipe(
        "hat-open", "Six", "electronic", {**_SIX, **_AJAR, "tone_hz": log(3800, 6000), "wash": log(0.4, 1.4)}, _six_hat
    ),
    Recipe(
        "hat-open",
        "Comb",
        "electronic",
        {**_COMB, **_AJAR, "tone_hz": log(3800, 6500), "top_hz": log(9000, 15000)},
        _combed_hat,
    ),
)
CYMBALS = (
    Recipe(
        "cymbal",
        "Crash",
        "acoustic",
        {
            **_PLATE,
            "tone_hz": log(3000, 6500),
            "low_hz": log(180, 500),
            "low_slope_db": lin(3, 7),
            "damping": lin(0.3, 0.9),
            "decay_s": log(0.5, 1.5),
            "bloom_s": log(0.004, 0.05),
            "drive": lin(0.0, 0.4),
        },
        _struck_cymbal,
        weight=2.0,
    ),
    Recipe(
        "cymbal",
        "Splash",
        "acoustic",
        {
            **_PLATE,
            "tone_hz": log(4500, 8000),
            "low_hz": log(300, 700),
            "low_slope_db": lin(4, 8),
            "damping": lin(0.2, 0.7),
            "decay_s": log(0.25, 0.6),
            "bloom_s": log(0.002, 0.012),
            "drive": lin(0.0, 0.4),
        },
        _struck_cymbal,
        weight=0.7,
    ),
    Recipe(
        "cymbal",
        "China",
        "acoustic",
        {
            **_PLATE,
            "tone_hz": log(1800, 4500),
            "low_hz": log(150, 350),
            "low_slope_db": lin(2, 5),
            "density": lin(0.5, 1.0),
            "damping": lin(0.2, 0.7),
            "decay_s": log(0.4, 1.1),
            "bloom_s": log(0.003, 0.02),
            "drive": lin(0.5, 1.4),
        },
        _struck_cymbal,
        weight=0.8,
    ),
    Recipe(
        "cymbal",
        "Ride",
        "acoustic",
        {
            **_PLATE,
            "tone_hz": log(3000, 6500),
            "low_hz": log(180, 450),
            "damping": lin(0.2, 0.8),
            "wash": log(0.25, 0.8),
            "decay_s": log(0.6, 1.6),
            "bloom_s": log(0.003, 0.03),
            "ping": log(0.2, 0.8),
            "ping_hz": log(900, 2600),
            "ping_s": log(0.15, 0.7),
        },
        _ride,
        weight=1.2,
    ),
    Recipe(
        "cymbal",
        "Six",
        "electronic",
        {**_SIX, "tone_hz": log(3000, 6000), "decay_s": log(0.6, 1.3)},
        _six_cymbal,
        weight=0.8,
    ),
)
