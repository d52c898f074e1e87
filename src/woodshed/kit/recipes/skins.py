"""Toms and hand drums: skins, shells, boxes and scrap under sticks, hands and fingers."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log
from woodshed.kit.recipes.snares import head
from woodshed.kit.shaping import added, bandpass, decaying, levelled, lowpass, saturated
from woodshed.kit.tones import BAR_RATIOS, glide, gliding_modes, metal_modes, modes, noise, sine, struck_noise, triangle


def touched(p: Parameters, seed: int) -> Wave:
    """Stick, palm or finger: a burst around ``touch_hz``."""
    burst = bandpass(noise(0.07, seed=derive_seed(seed, "touch")), 0.4 * p["touch_hz"], 2.0 * p["touch_hz"], order=1)
    return p["touch"] * levelled(decaying(burst, decay_s=p["touch_s"], attack_s=0.0004))


def _skin_tom(p: Parameters, seed: int) -> Wave:
    duration_s = 3.2 * p["decay_s"] + 0.2
    body = head(p, seed, duration_s=duration_s, count=10)
    shell = struck_noise(
        duration_s,
        low_hz=120,
        high_hz=11000,
        decay_s=p["shell_s"],
        damping=p["shell_damping"],
        slope_db=p["shell_slope_db"],
        seed=derive_seed(seed, "shell"),
    )
    sympathy = bandpass(noise(duration_s, seed=derive_seed(seed, "wires")), 1500, 6000, order=1)
    sympathy = decaying(sympathy, decay_s=0.5 * p["decay_s"], attack_s=0.02)
    return added(body, p["shell"] * shell, p["wires"] * levelled(sympathy), touched(p, seed))


def _machine_tom(p: Parameters, seed: int) -> Wave:
    duration_s = 3.0 * p["decay_s"] + 0.05
    phase = glide(duration_s, pitch_hz=p["pitch_hz"], octaves=p["drop_octaves"], fall_s=p["drop_s"])
    tone = (1 - p["edge"]) * sine(phase) + p["edge"] * triangle(phase)
    hiss = lowpass(noise(duration_s, seed=seed), p["hiss_hz"])
    hiss = decaying(hiss, decay_s=0.4 * p["decay_s"], attack_s=0.002)
    body = added(decaying(tone, decay_s=p["decay_s"], attack_s=0.0015), p["hiss"] * levelled(hiss), touched(p, seed))
    return saturated(body, p["drive"])


def _hand_drum(p: Parameters, seed: int) -> Wave:
    duration_s = 3.5 * p["decay_s"] + 0.12
    body = head(p, seed, duration_s=duration_s, count=10)
    return saturated(added(body, touched(p, seed)), p["drive"])


def _box(p: Parameters, seed: int) -> Wave:
    """A wooden box: a deep air note, a thin front plate with modes of its own, perhaps wires behind it."""
    duration_s = 3.5 * p["decay_s"] + 0.15
    rng = np.random.default_rng(derive_seed(seed, "box"))
    air = gliding_modes(
        duration_s,
        hz=np.array([p["pitch_hz"]]),
        decay_s=np.array([p["decay_s"]]),
        gains=np.ones(1),
        bend=0.06,
        bend_s=0.02,
    )
    hz = p["plate_hz"] * np.cumprod(np.concatenate([[1.0], rng.uniform(1.1, 1.45, 11)]))
    front = modes(
        duration_s,
        hz=hz,
        decay_s=p["plate_s"] * (hz / hz[0]) ** -0.6,
        gains=0.85 ** np.arange(12) * rng.uniform(0.4, 1.0, 12),
    )
    wires = bandpass(noise(duration_s, seed=derive_seed(seed, "wires")), 2000, 7000, order=1)
    wires = decaying(wires, decay_s=0.07, attack_s=0.003)
    return added(p["air"] * air, p["plate"] * levelled(front), p["wires"] * levelled(wires), touched(p, seed))


def bar(p: Parameters, seed: int) -> Wave:
    """A wooden or metal bar or block over a small cavity."""
    duration_s = 4.0 * p["decay_s"] + 0.06
    rng = np.random.default_rng(derive_seed(seed, "bar"))
    hz = p["pitch_hz"] * np.concatenate([BAR_RATIOS[:4] ** p["stretch"], [1.01, 1.93]]) * rng.uniform(0.98, 1.02, 6)
    decay_s = p["decay_s"] * np.array([1, 0.5, 0.3, 0.2, 0.8, 0.5])
    body = modes(
        duration_s, hz=hz, decay_s=decay_s, gains=np.array([1, 0.35, 0.2, 0.1, 0.5, 0.25]) * rng.uniform(0.6, 1.2, 6)
    )
    return saturated(added(decaying(levelled(body), decay_s=20.0, attack_s=0.0006), touched(p, seed)), p["drive"])


def _scrap(p: Parameters, seed: int) -> Wave:
    """A struck piece of metal: pipe, barrel, sheet."""
    duration_s = min(3.5 * p["decay_s"] + 0.1, 1.9)
    rng = np.random.default_rng(derive_seed(seed, "scrap"))
    hz = metal_modes(seed=seed, count=60, low_hz=p["pitch_hz"], high_hz=11000, slope=0.9)
    gains = (hz / hz[0]) ** -p["fall"] * rng.rayleigh(0.8, 60)
    decay_s = p["decay_s"] * (hz / hz[0]) ** -0.35 * rng.uniform(0.5, 1.3, 60)
    return added(
        decaying(
            levelled(modes(duration_s, hz=hz, decay_s=decay_s, gains=gains, phases=rng.random(60))),
            decay_s=20.0,
            attack_s=0.0008,
        ),
        touched(p, seed),
    )


def _zap(p: Parameters, seed: int) -> Wave:
    duration_s = 3.0 * p["decay_s"] + 0.04
    phase = glide(duration_s, pitch_hz=p["pitch_hz"], octaves=p["drop_octaves"], fall_s=p["drop_s"])
    tone = decaying(sine(phase + p["index"] * sine(p["ratio"] * phase)), decay_s=p["decay_s"], attack_s=0.001)
    return added(tone, touched(p, seed))


TOUCH = {"touch": log(0.08, 0.45), "touch_hz": log(1800, 5500), "touch_s": log(0.004, 0.014)}


_HEAD = {
    "decay_s": log(0.3, 0.75),
    "damping": lin(0.4, 1.0),
    "overtones": lin(0.5, 0.8),
    "bend": lin(0.02, 0.14),
    "contact_s": log(0.0015, 0.008),
}


_HAND = {
    **_HEAD,
    "decay_s": log(0.05, 0.2),
    "drive": lin(0.0, 0.4),
    "touch": log(0.06, 0.4),
    "touch_hz": log(700, 3500),
    "touch_s": log(0.004, 0.02),
}


TOMS = (
    Recipe(
        "tom",
        "Rack",
        "acoustic",
        {
            **_HEAD,
            **TOUCH,
            "pitch_hz": log(95, 185),
            "shell": log(0.1, 0.4),
            "shell_s": log(0.12, 0.4),
            "shell_damping": lin(0.3, 0.6),
            "shell_slope_db": lin(3, 6),
            "wires": log(0.005, 0.04),
        },
        _skin_tom,
        weight=1.6,
    ),
    Recipe(
        "tom",
        "Floor",
        "acoustic",
        {
            **_HEAD,
            **TOUCH,
            "pitch_hz": log(58, 105),
            "decay_s": log(0.4, 0.95),
            "shell": log(0.1, 0.4),
            "shell_s": log(0.12, 0.4),
            "shell_damping": lin(0.3, 0.6),
            "shell_slope_db": lin(3, 6),
            "wires": log(0.005, 0.04),
        },
        _skin_tom,
        weight=1.6,
    ),
    Recipe(
        "tom",
        "Machine",
        "electronic",
        {
            **TOUCH,
            "pitch_hz": log(70, 200),
            "drop_octaves": lin(0.1, 0.6),
            "drop_s": log(0.03, 0.12),
            "decay_s": log(0.25, 0.6),
            "edge": lin(0, 0.5),
            "hiss": log(0.03, 0.2),
            "hiss_hz": log(600, 3000),
            "drive": lin(0.0, 0.6),
            "touch": log(0.02, 0.2),
        },
        _machine_tom,
    ),
    Recipe(
        "tom",
        "Disco",
        "electronic",
        {
            **TOUCH,
            "pitch_hz": log(70, 180),
            "drop_octaves": lin(0.8, 1.8),
            "drop_s": log(0.06, 0.22),
            "decay_s": log(0.2, 0.45),
            "edge": lin(0.2, 0.9),
            "hiss": log(0.05, 0.35),
            "hiss_hz": log(1500, 6000),
            "drive": lin(0.0, 0.6),
        },
        _machine_tom,
        weight=0.6,
    ),
)


PERCS = (
    Recipe(
        "perc",
        "Conga",
        "acoustic",
        {**_HAND, "pitch_hz": log(150, 330), "overtones": lin(0.3, 0.6)},
        _hand_drum,
        weight=1.5,
    ),
    Recipe(
        "perc",
        "Bongo",
        "acoustic",
        {**_HAND, "pitch_hz": log(320, 620), "overtones": lin(0.35, 0.65), "decay_s": log(0.04, 0.13)},
        _hand_drum,
        weight=0.5,
    ),
    Recipe(
        "perc",
        "Frame",
        "acoustic",
        {**_HAND, "pitch_hz": log(85, 190), "decay_s": log(0.1, 0.4), "overtones": lin(0.5, 0.8)},
        _hand_drum,
        weight=1.4,
    ),
    Recipe(
        "perc",
        "Box",
        "acoustic",
        {
            **_HAND,
            "pitch_hz": log(75, 130),
            "decay_s": log(0.05, 0.14),
            "plate_hz": log(180, 420),
            "plate_s": log(0.02, 0.07),
            "air": lin(0.2, 1.0),
            "plate": lin(0.3, 1.0),
            "wires": log(0.01, 0.25),
        },
        _box,
        weight=1.6,
    ),
    Recipe(
        "perc",
        "Block",
        "any",
        {
            **TOUCH,
            "pitch_hz": log(450, 1500),
            "decay_s": log(0.03, 0.1),
            "stretch": lin(0.6, 1.0),
            "drive": lin(0.0, 0.4),
        },
        bar,
        weight=0.4,
    ),
    Recipe(
        "perc",
        "Scrap",
        "any",
        {**TOUCH, "pitch_hz": log(220, 1400), "decay_s": log(0.1, 0.5), "fall": lin(0.2, 1.0)},
        _scrap,
        weight=0.5,
    ),
    Recipe(
        "perc",
        "Zap",
        "electronic",
        {
            **TOUCH,
            "pitch_hz": log(110, 700),
            "drop_octaves": lin(0.5, 2.5),
            "drop_s": log(0.008, 0.05),
            "decay_s": log(0.04, 0.18),
            "index": log(0.02, 0.5),
            "ratio": lin(0.7, 3.5),
        },
        _zap,
        weight=0.4,
    ),
)
