"""Snares: skin, shell and wires; drum-machine tones with noise; brushes and dead heads."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log
from woodshed.kit.shaping import added, bandpass, decaying, highpass, levelled, lowpass, saturated, tilted
from woodshed.kit.tones import MEMBRANE_RATIOS, glide, gliding_modes, noise, sine, struck_noise


def head(p: Parameters, seed: int, *, duration_s: float, count: int = 12) -> Wave:
    """Two skins coupled by the air between them: membrane modes, each slightly split, highs damped sooner."""
    rng = np.random.default_rng(derive_seed(seed, "head"))
    ratios = MEMBRANE_RATIOS[:count] * (1 + 0.025 * rng.standard_normal(count))
    ratios = np.concatenate([ratios, ratios[:4] * rng.uniform(1.02, 1.09, 4)])
    order = np.concatenate([np.arange(count), np.arange(4)])
    gains = p["overtones"] ** order * rng.uniform(0.5, 1.2, len(ratios))
    gains[count:] *= 0.25
    decay_s = p["decay_s"] * ratios ** -p["damping"] * rng.uniform(0.7, 1.3, len(ratios))
    wave = gliding_modes(
        duration_s,
        hz=p["pitch_hz"] * ratios,
        decay_s=decay_s,
        gains=gains,
        bend=p["bend"],
        bend_s=0.02,
        phases=rng.uniform(-0.1, 0.1, len(ratios)),
    )
    return levelled(decaying(wave, decay_s=30.0, attack_s=p["contact_s"]))


def _wires(p: Parameters, seed: int, *, duration_s: float) -> Wave:
    """Wires that rattle against the lower skin: noise with a late onset, a body of its own and a slow end."""
    raw = noise(duration_s, seed=derive_seed(seed, "wires"))
    band = bandpass(raw, p["wire_hz"] * 0.35, p["wire_hz"] * 2.4, order=1)
    air = highpass(raw, 6500, order=1) * 0.25
    fast = decaying(band + air, decay_s=p["wire_s"], attack_s=0.0025)
    slow = decaying(band, decay_s=2.2 * p["wire_s"], attack_s=0.006)
    return levelled(fast + 0.25 * slow)


def _stick(p: Parameters, seed: int) -> Wave:
    tap = bandpass(noise(0.04, seed=derive_seed(seed, "stick")), 1200, p["stick_hz"])
    return p["stick"] * levelled(decaying(tap, decay_s=0.006, attack_s=0.0003))


def _acoustic(p: Parameters, seed: int) -> Wave:
    duration_s = max(3.5 * p["decay_s"], 5.0 * p["wire_s"]) + 0.1
    body = head(p, seed, duration_s=duration_s)
    wires = p["wires"] * _wires(p, seed, duration_s=duration_s)
    shell = struck_noise(
        duration_s,
        low_hz=110,
        high_hz=9000,
        decay_s=p["shell_s"],
        damping=p["shell_damping"],
        slope_db=p["shell_slope_db"],
        seed=derive_seed(seed, "shell"),
    )
    return saturated(added(body, wires, p["shell"] * shell, _stick(p, seed)), p["drive"])


def _machine(p: Parameters, seed: int) -> Wave:
    duration_s = max(3.5 * p["decay_s"], 3.5 * p["wire_s"]) + 0.05
    low = sine(glide(duration_s, pitch_hz=p["pitch_hz"], octaves=p["drop_octaves"], fall_s=0.012))
    high = sine(glide(duration_s, pitch_hz=p["pitch_hz"] * p["interval"], octaves=p["drop_octaves"], fall_s=0.010))
    tones = decaying(low, decay_s=p["decay_s"], attack_s=0.001) + p["upper"] * decaying(
        high, decay_s=0.6 * p["decay_s"], attack_s=0.001
    )
    hiss = highpass(lowpass(noise(duration_s, seed=seed), p["hiss_top_hz"]), p["hiss_low_hz"])
    hiss = decaying(hiss, decay_s=p["wire_s"], attack_s=0.001)
    return saturated(added(levelled(tones), p["wires"] * levelled(hiss)), p["drive"])


def _brush(p: Parameters, seed: int) -> Wave:
    duration_s = 4.0 * p["wire_s"] + 0.15
    body = lowpass(head(p, seed, duration_s=duration_s, count=6), 900)
    sweep = bandpass(noise(duration_s, seed=derive_seed(seed, "brush")), 700, p["wire_hz"] * 2.0, order=1)
    rng = np.random.default_rng(derive_seed(seed, "bristles"))
    grain = lowpass(rng.random(len(sweep)) ** 6, 300) * 8
    sweep = decaying(sweep * (0.4 + grain[: len(sweep)]), decay_s=p["wire_s"], attack_s=p["swish_s"])
    return added(0.7 * body, p["wires"] * levelled(sweep))


def _crack(p: Parameters, seed: int) -> Wave:
    """A rimshot: stick on skin and rim at once, a long ring in the middle."""
    duration_s = max(4.0 * p["decay_s"], 4.0 * p["wire_s"]) + 0.1
    body = head(p, seed, duration_s=duration_s, count=14)
    rng = np.random.default_rng(derive_seed(seed, "rim"))
    hz = p["ring_hz"] * np.array([1.0, 1.47, 2.09, 2.76, 3.6]) * rng.uniform(0.96, 1.04, 5)
    ring = gliding_modes(
        duration_s,
        hz=hz,
        decay_s=p["ring_s"] * np.array([1, 0.8, 0.6, 0.4, 0.3]),
        gains=np.array([1.0, 0.7, 0.6, 0.4, 0.3]),
        bend=0.0,
        bend_s=0.01,
    )
    wires = p["wires"] * _wires(p, seed, duration_s=duration_s)
    hit = added(body, p["ring"] * levelled(ring), wires, _stick(p, seed))
    return tilted(saturated(hit, p["drive"]), 2.0)


_SKIN = {
    "pitch_hz": log(150, 265),
    "decay_s": log(0.055, 0.17),
    "damping": lin(0.4, 1.1),
    "overtones": lin(0.55, 0.85),
    "bend": lin(0.01, 0.12),
    "contact_s": log(0.0015, 0.008),
}
_WIRES = {"wires": log(0.05, 0.5), "wire_hz": log(1900, 4800), "wire_s": log(0.06, 0.18)}
_STICK = {
    "stick": log(0.03, 0.3),
    "stick_hz": log(3500, 8000),
    "drive": lin(0.0, 0.5),
    "shell": log(0.1, 0.5),
    "shell_s": log(0.06, 0.22),
    "shell_damping": lin(0.1, 0.4),
    "shell_slope_db": lin(1, 4),
}

SNARES = (
    Recipe("snare", "Maple", "acoustic", {**_SKIN, **_WIRES, **_STICK}, _acoustic, weight=2.0),
    Recipe(
        "snare",
        "Deep",
        "acoustic",
        {**_SKIN, **_WIRES, **_STICK, "pitch_hz": log(115, 175), "decay_s": log(0.09, 0.24), "wires": log(0.04, 0.35)},
        _acoustic,
    ),
    Recipe(
        "snare",
        "Piccolo",
        "acoustic",
        {**_SKIN, **_WIRES, **_STICK, "pitch_hz": log(230, 340), "wires": log(0.1, 0.7), "wire_hz": log(2600, 6000)},
        _acoustic,
    ),
    Recipe(
        "snare",
        "Dead",
        "any",
        {**_SKIN, **_WIRES, **_STICK, "decay_s": log(0.03, 0.06), "wire_s": log(0.035, 0.08), "damping": lin(1.0, 1.8)},
        _acoustic,
    ),
    Recipe(
        "snare",
        "Machine",
        "electronic",
        {
            "pitch_hz": log(150, 220),
            "interval": lin(1.5, 1.95),
            "upper": lin(0.3, 0.8),
            "drop_octaves": lin(0.1, 0.9),
            "decay_s": log(0.06, 0.18),
            "wires": log(0.12, 0.8),
            "wire_s": log(0.08, 0.24),
            "hiss_low_hz": log(600, 2200),
            "hiss_top_hz": log(5000, 13000),
            "drive": lin(0.0, 0.8),
        },
        _machine,
        weight=1.6,
    ),
    Recipe(
        "snare",
        "Brush",
        "acoustic",
        {**_SKIN, **_WIRES, "swish_s": log(0.006, 0.03), "wires": log(0.2, 0.8), "wire_s": log(0.07, 0.16)},
        _brush,
        weight=0.6,
    ),
    Recipe(
        "snare",
        "Crack",
        "any",
        {**_SKIN, **_WIRES, **_STICK, "ring": log(0.15, 0.6), "ring_hz": log(380, 900), "ring_s": log(0.05, 0.2)},
        _crack,
    ),
)
