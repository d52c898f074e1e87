"""Pitched sounds above the bass: plucks and pads."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log, whole
from woodshed.kit.shaping import (
    added,
    bandpass,
    decaying,
    gated,
    levelled,
    lowpass,
    swept_lowpass,
    times,
)
from woodshed.kit.tones import modes, noise, note_hz, plucked_string, saw


def _string_pluck(p: Parameters, seed: int) -> Wave:
    duration_s = min(3.0 * p["decay_s"] + 0.1, 2.6)
    string = plucked_string(
        duration_s,
        pitch_hz=note_hz(p["note_midi"]),
        decay_s=p["decay_s"],
        damping=p["damping"],
        bright_hz=p["bright_hz"],
        place=p["place"],
        seed=seed,
    )
    box = bandpass(noise(0.1, seed=derive_seed(seed, "box")), 150, 1200, order=1)
    return added(string, p["box"] * levelled(decaying(box, decay_s=0.02)))


def _fm_pluck(p: Parameters, _seed: int) -> Wave:
    time = times(min(3.0 * p["decay_s"] + 0.1, 2.6))
    hz = note_hz(p["note_midi"])
    index = p["index"] * np.exp(-np.log(10) * time / (p["sweep"] * p["decay_s"]))
    wave = np.sin(2 * np.pi * hz * time + index * np.sin(2 * np.pi * round(p["ratio"]) * hz * time))
    return decaying(wave, decay_s=p["decay_s"], attack_s=0.0015)


def _synth_pluck(p: Parameters, _seed: int) -> Wave:
    time = times(min(3.0 * p["decay_s"] + 0.15, 2.6))
    hz = note_hz(p["note_midi"])
    cutoff = 1.2 * hz + p["sweep_hz"] * np.exp(-np.log(10) * time / (0.6 * p["decay_s"]))
    sides = [
        swept_lowpass(
            saw(hz * time + a) + saw(hz * (1 + 0.004 * p["detune"]) * time + b), cutoff, resonance=p["resonance"]
        )
        for a, b in ((0.0, 0.3), (0.5, 0.8))
    ]
    return decaying(np.stack(sides), decay_s=p["decay_s"], attack_s=0.002)


def _kalimba(p: Parameters, seed: int) -> Wave:
    duration_s = min(3.0 * p["decay_s"] + 0.1, 2.4)
    hz = note_hz(p["note_midi"]) * np.array([1.0, 2.0, p["upper"], 2.1 * p["upper"], 3.4 * p["upper"]])
    wave = modes(
        duration_s,
        hz=hz,
        decay_s=p["decay_s"] * np.array([1, 0.6, 0.3, 0.15, 0.08]),
        gains=np.array([1, 0.15, 0.25, 0.12, 0.06]),
    )
    thumb = decaying(bandpass(noise(0.05, seed=seed), 600, 4000, order=1), decay_s=0.008)
    return added(decaying(levelled(wave), decay_s=20.0, attack_s=0.001), p["box"] * levelled(thumb))


def _swell(wave: Wave, p: Parameters) -> Wave:
    return gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"])


def _stack_pad(p: Parameters, seed: int) -> Wave:
    """Seven saws, slightly apart, through a slow filter."""
    rng = np.random.default_rng(derive_seed(seed, "stack"))
    time = times(p["hold_s"] + 2.4 * p["release_s"])
    chord = np.array([0, 0, 0, 12, 7 if p["fifth"] > 0.5 else 0])
    sides = np.zeros((2, len(time)))
    for step in chord:
        hz = note_hz(p["note_midi"] + step) * (1 + 0.01 * p["detune"] * rng.uniform(-1, 1))
        voice = saw(hz * time + rng.random())
        place = rng.uniform(0.1, 0.9)
        sides += np.stack([voice * (1 - place), voice * place])
    cutoff = p["cutoff_hz"] * 2 ** (p["motion"] * np.sin(2 * np.pi * p["motion_hz"] * time - 1.2))
    return _swell(np.stack([swept_lowpass(side, cutoff, resonance=0.1) for side in sides]), p)


def _glass_pad(p: Parameters, seed: int) -> Wave:
    """Slowly beating sines with a little FM: glass, bells held long."""
    rng = np.random.default_rng(derive_seed(seed, "glass"))
    time = times(p["hold_s"] + 2.4 * p["release_s"])
    sides = np.zeros((2, len(time)))
    for number, gain in ((1, 1.0), (2, 0.45), (3, 0.3), (4, 0.2), (6, 0.1)):
        for side in range(2):
            hz = note_hz(p["note_midi"]) * number * (1 + 0.004 * p["detune"] * rng.uniform(-1, 1))
            bend = p["index"] * np.sin(2 * np.pi * 2.0 * hz * time + rng.random())
            beat = 1 + 0.4 * np.sin(2 * np.pi * (p["motion_hz"] * rng.uniform(0.6, 1.6) * time + rng.random()))
            sides[side] += gain * beat * np.sin(2 * np.pi * hz * time + bend + 6.28 * rng.random())
    return _swell(sides, p)


def _choir_pad(p: Parameters, seed: int) -> Wave:
    """Saws through the resonances of a vowel, with breath."""
    rng = np.random.default_rng(derive_seed(seed, "choir"))
    time = times(p["hold_s"] + 2.4 * p["release_s"])
    vowel = np.array([p["first_hz"], p["second_hz"], 2600.0])
    sides = []
    for side in range(2):
        hz = note_hz(p["note_midi"])
        raw = np.zeros(len(time))
        for _ in range(3):
            wobble = 0.02 * np.sin(2 * np.pi * (rng.uniform(4.5, 6.0) * time + rng.random()))
            raw += saw(hz * (1 + 0.008 * p["detune"] * rng.uniform(-1, 1)) * time + wobble + rng.random())
        raw += p["breath"] * noise(len(time) / 44100, seed=derive_seed(seed, "breath", side))[: len(time)]
        voice = sum(
            (
                gain * bandpass(raw, 0.85 * f, 1.18 * f, order=1)
                for f, gain in zip(vowel, (1.0, 0.6, 0.25), strict=True)
            ),
            np.zeros(len(time)),
        )
        sides.append(voice + 0.12 * lowpass(raw, 500))
    return _swell(np.stack(sides), p)


_PICKED = {"note_midi": whole(45, 76), "decay_s": log(0.2, 0.9)}


_PAD = {
    "note_midi": whole(43, 67),
    "hold_s": log(1.0, 2.0),
    "release_s": log(0.4, 0.9),
    "attack_s": log(0.06, 0.5),
    "detune": lin(0.2, 1.0),
    "motion_hz": log(0.15, 1.5),
}


PLUCKS = (
    Recipe(
        "pluck",
        "String",
        "acoustic",
        {
            **_PICKED,
            "damping": lin(0.1, 0.9),
            "bright_hz": log(800, 5000),
            "place": lin(0.06, 0.35),
            "box": log(0.02, 0.25),
        },
        _string_pluck,
        weight=1.3,
    ),
    Recipe(
        "pluck",
        "Bell",
        "electronic",
        {**_PICKED, "index": log(0.5, 5.0), "ratio": whole(1, 7), "sweep": lin(0.1, 0.8)},
        _fm_pluck,
    ),
    Recipe(
        "pluck",
        "Saw",
        "electronic",
        {**_PICKED, "sweep_hz": log(600, 6000), "detune": lin(0.2, 1.5), "resonance": lin(0.0, 0.6)},
        _synth_pluck,
    ),
    Recipe("pluck", "Kalimba", "any", {**_PICKED, "upper": lin(4.5, 6.5), "box": log(0.03, 0.3)}, _kalimba),
)


PADS = (
    Recipe(
        "pad",
        "Stack",
        "electronic",
        {**_PAD, "cutoff_hz": log(500, 3500), "motion": lin(0.2, 1.0), "fifth": lin(0, 1)},
        _stack_pad,
        weight=1.4,
    ),
    Recipe("pad", "Glass", "any", {**_PAD, "index": log(0.05, 0.8)}, _glass_pad),
    Recipe(
        "pad",
        "Choir",
        "acoustic",
        {**_PAD, "first_hz": log(320, 800), "second_hz": log(900, 2000), "breath": log(0.02, 0.3)},
        _choir_pad,
    ),
)
