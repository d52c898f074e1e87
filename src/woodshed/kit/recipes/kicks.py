"""Kicks: sine drops, skins with beaters, FM, distortion."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log
from woodshed.kit.shaping import added, bandpass, decaying, highpass, levelled, lowpass, saturated
from woodshed.kit.tones import glide, gliding_modes, noise, sine, struck_noise, triangle

_SKIN = np.array([1.0, 1.51, 1.98, 2.33, 2.9, 3.6, 4.4])


def _click(p: Parameters, seed: int) -> Wave:
    """The beater: a few milliseconds of band-limited noise."""
    burst = noise(0.06, seed=derive_seed(seed, "click"))
    band = bandpass(burst, 0.5 * p["click_hz"], 1.8 * p["click_hz"])
    return p["click"] * levelled(decaying(band, decay_s=p["click_s"], attack_s=0.0004))


def _sub(p: Parameters, seed: int) -> Wave:
    duration_s = min(2.4 * p["decay_s"] + 0.08, 2.2)
    body = sine(glide(duration_s, pitch_hz=p["pitch_hz"], octaves=p["drop_octaves"], fall_s=p["drop_s"]))
    body = decaying(body, decay_s=p["decay_s"], attack_s=p["contact_s"])
    return added(saturated(body, p["drive"]), lowpass(_click(p, seed), 6000))


def _punch(p: Parameters, seed: int) -> Wave:
    duration_s = 3.2 * p["decay_s"] + 0.06
    body = triangle(glide(duration_s, pitch_hz=p["pitch_hz"], octaves=p["drop_octaves"], fall_s=p["drop_s"]))
    body = lowpass(decaying(body, decay_s=p["decay_s"], attack_s=p["contact_s"]), 1800)
    snap = lowpass(decaying(noise(0.05, seed=seed), decay_s=p["snap_s"]), 5200)
    return added(saturated(body, p["drive"]), p["snap"] * levelled(snap), _click(p, seed))


def _skin(p: Parameters, seed: int) -> Wave:
    rng = np.random.default_rng(derive_seed(seed, "skin"))
    duration_s = 3.6 * p["decay_s"] + 0.15
    ratios = _SKIN * (1 + 0.02 * rng.standard_normal(len(_SKIN)))
    decay_s = p["decay_s"] * ratios ** -p["damping"] * rng.uniform(0.8, 1.2, len(ratios))
    gains = np.array([1.0, 0.5, 0.32, 0.26, 0.18, 0.12, 0.08]) * p["overtones"] ** np.arange(len(ratios))
    body = gliding_modes(
        duration_s, hz=p["pitch_hz"] * ratios, decay_s=decay_s, gains=gains, bend=p["bend"], bend_s=p["bend_s"]
    )
    thump = sine(glide(0.12, pitch_hz=p["pitch_hz"] * 1.6, octaves=1.6, fall_s=0.012))
    shell = struck_noise(
        duration_s,
        low_hz=90,
        high_hz=p["shell_hz"],
        decay_s=p["shell_s"],
        damping=0.5,
        slope_db=p["shell_slope_db"],
        seed=derive_seed(seed, "shell"),
    )
    buzz = bandpass(noise(duration_s, seed=derive_seed(seed, "wires")), 1800, 7500)
    buzz = decaying(buzz, decay_s=0.09, attack_s=0.012)
    return added(
        decaying(levelled(body), decay_s=30.0, attack_s=p["contact_s"]),
        0.5 * decaying(thump, decay_s=0.03),
        p["shell"] * shell,
        p["buzz"] * levelled(buzz),
        _click(p, seed),
    )


def _fm(p: Parameters, seed: int) -> Wave:
    duration_s = 3.0 * p["decay_s"] + 0.05
    phase = glide(duration_s, pitch_hz=p["pitch_hz"], octaves=p["drop_octaves"], fall_s=p["drop_s"])
    bite = decaying(np.full(len(phase), p["index"]), decay_s=p["bite_s"])
    body = sine(phase + bite / (2 * np.pi) * sine(p["ratio"] * phase))
    return added(decaying(body, decay_s=p["decay_s"], attack_s=p["contact_s"]), lowpass(_click(p, seed), 8000))


def _driven(p: Parameters, seed: int) -> Wave:
    duration_s = 2.6 * p["decay_s"] + 0.08
    body = sine(glide(duration_s, pitch_hz=p["pitch_hz"], octaves=p["drop_octaves"], fall_s=p["drop_s"]))
    body = decaying(body, decay_s=0.8 * p["decay_s"], attack_s=p["contact_s"])
    hot = saturated(added(body, _click(p, seed)), p["drive"], bias=p["bias"])
    hot = lowpass(highpass(hot, 28), p["top_hz"])
    return decaying(hot, decay_s=2.2 * p["decay_s"])


_CLICK = {"click": log(0.03, 0.4), "click_hz": log(1500, 5500), "click_s": log(0.0025, 0.010)}

KICKS = (
    Recipe(
        "kick",
        "Sub",
        "electronic",
        {
            "pitch_hz": log(42, 62),
            "contact_s": log(0.002, 0.008),
            "drop_octaves": lin(0.7, 2.2),
            "drop_s": log(0.012, 0.05),
            "decay_s": log(0.16, 0.75),
            "drive": lin(0.0, 0.7),
            "click": log(0.015, 0.2),
            "click_hz": log(900, 3500),
            "click_s": log(0.002, 0.008),
        },
        _sub,
    ),
    Recipe(
        "kick",
        "Punch",
        "electronic",
        {
            "pitch_hz": log(46, 66),
            "contact_s": log(0.002, 0.008),
            "drop_octaves": lin(1.4, 2.8),
            "drop_s": log(0.010, 0.035),
            "decay_s": log(0.09, 0.26),
            "drive": lin(0.1, 0.9),
            "snap": log(0.03, 0.22),
            "snap_s": log(0.006, 0.02),
            **_CLICK,
        },
        _punch,
    ),
    Recipe(
        "kick",
        "Skin",
        "acoustic",
        {
            "pitch_hz": log(43, 66),
            "decay_s": log(0.06, 0.2),
            "contact_s": log(0.003, 0.010),
            "damping": lin(0.7, 1.4),
            "overtones": lin(0.3, 0.75),
            "bend": lin(0.05, 0.35),
            "bend_s": log(0.015, 0.05),
            "shell": log(0.04, 0.2),
            "shell_hz": log(1500, 8000),
            "shell_s": log(0.04, 0.14),
            "shell_slope_db": lin(2, 5),
            "buzz": log(0.004, 0.04),
            **_CLICK,
        },
        _skin,
        weight=2.2,
    ),
    Recipe(
        "kick",
        "FM",
        "electronic",
        {
            "pitch_hz": log(44, 64),
            "contact_s": log(0.002, 0.008),
            "drop_octaves": lin(0.8, 2.0),
            "drop_s": log(0.012, 0.04),
            "decay_s": log(0.10, 0.3),
            "index": lin(1.5, 6.0),
            "ratio": lin(1.3, 3.4),
            "bite_s": log(0.008, 0.04),
            **_CLICK,
        },
        _fm,
        weight=0.6,
    ),
    Recipe(
        "kick",
        "Driven",
        "electronic",
        {
            "pitch_hz": log(44, 62),
            "contact_s": log(0.002, 0.008),
            "drop_octaves": lin(1.6, 3.0),
            "drop_s": log(0.015, 0.05),
            "decay_s": log(0.12, 0.32),
            "drive": log(0.8, 3.5),
            "bias": lin(0.0, 0.25),
            "top_hz": log(1500, 6500),
            **_CLICK,
        },
        _driven,
        weight=0.6,
    ),
)
