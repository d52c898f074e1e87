"""Basses: subtractive, FM, strings, subs and beating saws."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log, whole
from woodshed.kit.shaping import (
    added,
    bandpass,
    decaying,
    gated,
    highpass,
    levelled,
    lowpass,
    saturated,
    swept_lowpass,
    times,
)
from woodshed.kit.tones import noise, note_hz, plucked_string, saw, sine, square


def _synth_bass(p: Parameters, _seed: int) -> Wave:
    """Two oscillators through a low-pass that closes."""
    time = times(p["hold_s"] + 3.0 * p["release_s"] + 0.02)
    hz = note_hz(p["note_midi"])
    drift = 1 + p["detune"] * 0.01
    raw = (1 - p["pulse"]) * (saw(hz * time) + saw(hz * drift * time + 0.37)) + p["pulse"] * 2 * square(
        hz * time, width=p["width"]
    )
    raw = raw + p["sub"] * 2 * sine(0.5 * hz * time if p["note_midi"] > 36 else hz * time)
    cutoff = p["cutoff_hz"] + p["sweep_hz"] * np.exp(-np.log(10) * time / p["sweep_s"])
    wave = swept_lowpass(raw, cutoff, resonance=p["resonance"])
    return saturated(gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"]), p["drive"])


def _fm_bass(p: Parameters, _seed: int) -> Wave:
    time = times(p["hold_s"] + 3.0 * p["release_s"] + 0.02)
    hz = note_hz(p["note_midi"])
    index = p["index"] * (0.25 + 0.75 * np.exp(-np.log(10) * time / p["sweep_s"]))
    wave = np.sin(2 * np.pi * hz * time + index * np.sin(2 * np.pi * p["ratio"] * hz * time))
    wave = gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"])
    return saturated(decaying(wave, decay_s=p["decay_s"]), p["drive"])


def _string_bass(p: Parameters, seed: int) -> Wave:
    duration_s = p["hold_s"] + 2.0 * p["release_s"]
    hz = note_hz(p["note_midi"])
    string = plucked_string(
        duration_s,
        pitch_hz=hz,
        decay_s=p["decay_s"],
        damping=p["damping"],
        bright_hz=p["bright_hz"],
        place=p["place"],
        seed=seed,
    )
    thump = decaying(bandpass(noise(0.08, seed=derive_seed(seed, "thumb")), 80, 900, order=1), decay_s=0.02)
    body = added(
        string,
        0.5 * sine(hz * times(duration_s)) * np.exp(-np.log(10) * times(duration_s) / p["decay_s"]),
        p["thumb"] * levelled(thump),
    )
    return saturated(
        lowpass(gated(body, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=0.001), p["top_hz"]), p["drive"]
    )


def _sub_bass(p: Parameters, _seed: int) -> Wave:
    time = times(p["hold_s"] + 3.0 * p["release_s"] + 0.02)
    hz = note_hz(p["note_midi"])
    fall = hz * p["drop_s"] * p["drop"] * (1 - np.exp(-time / p["drop_s"]))
    wave = sine(hz * time + fall) + p["second"] * sine(2 * (hz * time + fall))
    wave = decaying(wave, decay_s=p["decay_s"])
    return saturated(gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"]), p["drive"])


def _reese(p: Parameters, _seed: int) -> Wave:
    time = times(p["hold_s"] + 3.0 * p["release_s"] + 0.02)
    hz = note_hz(p["note_midi"])
    beat = 1 + 0.012 * p["detune"]
    mid = saw(hz * time) + saw(hz * beat * time + 0.3)
    sides = [mid + 0.6 * saw(hz / beat * time + offset) for offset in (0.1, 0.62)]
    cutoff = p["cutoff_hz"] * 2 ** (0.5 * np.sin(2 * np.pi * p["motion_hz"] * time))
    wave = np.stack([swept_lowpass(side, cutoff, resonance=0.1) for side in sides])
    wave = highpass(wave, 0.7 * hz) + sine(hz * time) * 0.8
    return saturated(gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"]), p["drive"])


_HELD = {
    "note_midi": whole(26, 43),
    "hold_s": log(0.25, 2.2),
    "release_s": log(0.05, 0.3),
    "attack_s": log(0.002, 0.02),
    "drive": lin(0.0, 0.9),
}


BASSES = (
    Recipe(
        "bass",
        "Saw",
        "electronic",
        {
            **_HELD,
            "detune": lin(0.05, 0.8),
            "pulse": lin(0.0, 1.0),
            "width": lin(0.15, 0.5),
            "sub": lin(0.2, 1.0),
            "cutoff_hz": log(120, 900),
            "sweep_hz": log(200, 5000),
            "sweep_s": log(0.06, 0.6),
            "resonance": lin(0.0, 0.7),
        },
        _synth_bass,
        weight=1.5,
    ),
    Recipe(
        "bass",
        "FM",
        "electronic",
        {**_HELD, "index": log(0.5, 4.0), "ratio": whole(1, 3), "sweep_s": log(0.1, 0.8), "decay_s": log(0.6, 3.0)},
        _fm_bass,
    ),
    Recipe(
        "bass",
        "String",
        "acoustic",
        {
            **_HELD,
            "decay_s": log(0.5, 1.8),
            "damping": lin(0.2, 0.9),
            "bright_hz": log(250, 2000),
            "place": lin(0.08, 0.3),
            "thumb": log(0.03, 0.3),
            "top_hz": log(1200, 6000),
            "drive": lin(0.0, 0.4),
        },
        _string_bass,
        weight=1.5,
    ),
    Recipe(
        "bass",
        "Sub",
        "electronic",
        {
            **_HELD,
            "note_midi": whole(25, 40),
            "hold_s": log(0.5, 2.0),
            "drop": lin(0.0, 1.0),
            "drop_s": log(0.01, 0.05),
            "second": log(0.01, 0.3),
            "decay_s": log(0.7, 4.0),
        },
        _sub_bass,
    ),
    Recipe(
        "bass",
        "Reese",
        "electronic",
        {
            **_HELD,
            "hold_s": log(0.5, 1.4),
            "detune": lin(0.1, 1.0),
            "cutoff_hz": log(120, 700),
            "motion_hz": log(0.3, 3.0),
        },
        _reese,
        weight=0.6,
    ),
)
