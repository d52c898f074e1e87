"""Rims: a stick across the rim, knocks on wood, the click of a machine."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log
from woodshed.kit.recipes.skins import TOUCH, bar, touched
from woodshed.kit.recipes.snares import head
from woodshed.kit.shaping import added, bandpass, decaying, highpass, levelled, saturated
from woodshed.kit.tones import modes, noise, struck_noise


def _cross_stick(p: Parameters, seed: int) -> Wave:
    """A stick laid over the rim: the wood knocks, the shell answers, the wires whisper."""
    duration_s = 4.0 * p["decay_s"] + 0.15
    rng = np.random.default_rng(derive_seed(seed, "stick"))
    hz = p["wood_hz"] * np.cumprod(np.concatenate([[1.0], rng.uniform(1.07, 1.3, 15)]))
    wood = modes(
        duration_s,
        hz=hz,
        decay_s=p["wood_s"] * (hz / hz[0]) ** -0.5,
        gains=0.86 ** np.arange(16) * rng.uniform(0.3, 1.2, 16),
        phases=0.1 * rng.random(16),
    )
    shell = head(p, derive_seed(seed, "shell"), duration_s=duration_s, count=8)
    wires = bandpass(noise(duration_s, seed=derive_seed(seed, "wires")), 1800, 7500, order=1)
    wires = decaying(wires, decay_s=0.09, attack_s=0.002)
    crack = struck_noise(
        duration_s,
        low_hz=150,
        high_hz=9000,
        decay_s=p["crack_s"],
        damping=p["crack_damping"],
        slope_db=p["crack_slope_db"],
        seed=derive_seed(seed, "crack"),
    )
    return added(
        p["wood"] * levelled(wood),
        p["shell"] * shell,
        p["crack"] * crack,
        p["wires"] * levelled(wires),
        touched(p, seed),
    )


def _machine_rim(p: Parameters, seed: int) -> Wave:
    duration_s = 4.0 * p["decay_s"] + 0.04
    tones = modes(
        duration_s,
        hz=np.array([p["pitch_hz"], p["pitch_hz"] * p["interval"]]),
        decay_s=np.array([p["decay_s"], 0.6 * p["decay_s"]]),
        gains=np.array([0.8, 1.0]),
    )
    grit = struck_noise(
        duration_s,
        low_hz=400,
        high_hz=9000,
        decay_s=p["decay_s"],
        damping=0.3,
        slope_db=1.0,
        seed=derive_seed(seed, "grit"),
    )
    return saturated(highpass(added(levelled(tones), p["grit"] * grit, touched(p, seed)), 250), p["drive"])


RIMS = (
    Recipe(
        "rim",
        "Stick",
        "acoustic",
        {
            **TOUCH,
            "wood_hz": log(380, 1300),
            "wood_s": log(0.03, 0.10),
            "pitch_hz": log(160, 320),
            "decay_s": log(0.08, 0.2),
            "damping": lin(0.2, 0.8),
            "overtones": lin(0.6, 0.9),
            "bend": lin(0.0, 0.05),
            "contact_s": log(0.002, 0.009),
            "shell": log(0.1, 0.6),
            "wires": log(0.05, 0.3),
            "wood": lin(0.4, 1.0),
            "crack": log(0.2, 0.9),
            "crack_s": log(0.06, 0.2),
            "crack_damping": lin(0.05, 0.35),
            "crack_slope_db": lin(2, 5),
        },
        _cross_stick,
        weight=3.0,
    ),
    Recipe(
        "rim",
        "Machine",
        "electronic",
        {
            **TOUCH,
            "pitch_hz": log(420, 800),
            "interval": lin(2.2, 3.9),
            "decay_s": log(0.025, 0.08),
            "grit": log(0.3, 1.2),
            "drive": lin(0.2, 1.2),
        },
        _machine_rim,
    ),
    Recipe(
        "rim",
        "Knock",
        "any",
        {
            **TOUCH,
            "pitch_hz": log(350, 1100),
            "decay_s": log(0.04, 0.11),
            "stretch": lin(0.45, 0.8),
            "drive": lin(0.0, 0.6),
        },
        bar,
        weight=0.4,
    ),
)
