"""Pitched sounds: basses, plucks and pads."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log, whole
from woodshed.kit.shaping import added, bandpass, decaying, gated, highpass, levelled, lowpass, saturated, swept_lowpass, times
from woodshed.kit.tones import modes, noise, plucked_string, saw, sine, square


def note_hz(midi: float) -> float:
    """Frequency of a MIDI note, A4 = 440 Hz.

    Examples
    --------
    >>> note_hz(69)
    440.0
    """
    return float(440.0 * 2 ** ((midi - 69) / 12))


def _synth_bass(p: Parameters, seed: int) -> Wave:
    """Two oscillators through a low-pass that closes."""
    time = times(p["hold_s"] + 3.0 * p["release_s"] + 0.02)
    hz = note_hz(p["note_midi"])
    drift = 1 + p["detune"] * 0.01
    raw = (1 - p["pulse"]) * (saw(hz * time) + saw(hz * drift * time + 0.37)) + p["pulse"] * 2 * square(hz * time, width=p["width"])
    raw = raw + p["sub"] * 2 * sine(0.5 * hz * time if p["note_midi"] > 36 else hz * time)
    cutoff = p["cutoff_hz"] + p["sweep_hz"] * np.exp(-np.log(10) * time / p["sweep_s"])
    wave = swept_lowpass(raw, cutoff, resonance=p["resonance"])
    return saturated(gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"]), p["drive"])


def _fm_bass(p: Parameters, seed: int) -> Wave:
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
        duration_s, pitch_hz=hz, decay_s=p["decay_s"], damping=p["damping"], bright_hz=p["bright_hz"], place=p["place"], seed=seed
    )
    thump = decaying(bandpass(noise(0.08, seed=derive_seed(seed, "thumb")), 80, 900, order=1), decay_s=0.02)
    body = added(string, 0.5 * sine(hz * times(duration_s)) * np.exp(-np.log(10) * times(duration_s) / p["decay_s"]), p["thumb"] * levelled(thump))
    return saturated(lowpass(gated(body, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=0.001), p["top_hz"]), p["drive"])


def _sub_bass(p: Parameters, seed: int) -> Wave:
    time = times(p["hold_s"] + 3.0 * p["release_s"] + 0.02)
    hz = note_hz(p["note_midi"])
    fall = hz * p["drop_s"] * p["drop"] * (1 - np.exp(-time / p["drop_s"]))
    wave = sine(hz * time + fall) + p["second"] * sine(2 * (hz * time + fall))
    wave = decaying(wave, decay_s=p["decay_s"])
    return saturated(gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"]), p["drive"])


def _reese(p: Parameters, seed: int) -> Wave:
    time = times(p["hold_s"] + 3.0 * p["release_s"] + 0.02)
    hz = note_hz(p["note_midi"])
    beat = 1 + 0.012 * p["detune"]
    mid = saw(hz * time) + saw(hz * beat * time + 0.3)
    sides = [mid + 0.6 * saw(hz / beat * time + offset) for offset in (0.1, 0.62)]
    cutoff = p["cutoff_hz"] * 2 ** (0.5 * np.sin(2 * np.pi * p["motion_hz"] * time))
    wave = np.stack([swept_lowpass(side, cutoff, resonance=0.1) for side in sides])
    wave = highpass(wave, 0.7 * hz) + sine(hz * time) * 0.8
    return saturated(gated(wave, hold_s=p["hold_s"], release_s=p["release_s"], attack_s=p["attack_s"]), p["drive"])


def _string_pluck(p: Parameters, seed: int) -> Wave:
    duration_s = min(3.0 * p["decay_s"] + 0.1, 2.6)
    string = plucked_string(
        duration_s, pitch_hz=note_hz(p["note_midi"]), decay_s=p["decay_s"], damping=p["damping"], bright_hz=p["bright_hz"], place=p["place"], seed=seed
    )
    box = bandpass(noise(0.1, seed=derive_seed(seed, "box")), 150, 1200, order=1)
    return added(string, p["box"] * levelled(decaying(box, decay_s=0.02)))


def _fm_pluck(p: Parameters, seed: int) -> Wave:
    time = times(min(3.0 * p["decay_s"] + 0.1, 2.6))
    hz = note_hz(p["note_midi"])
    index = p["index"] * np.exp(-np.log(10) * time / (p["sweep"] * p["decay_s"]))
    wave = np.sin(2 * np.pi * hz * time + index * np.sin(2 * np.pi * round(p["ratio"]) * hz * time))
    return decaying(wave, decay_s=p["decay_s"], attack_s=0.0015)


def _synth_pluck(p: Parameters, seed: int) -> Wave:
    time = times(min(3.0 * p["decay_s"] + 0.15, 2.6))
    hz = note_hz(p["note_midi"])
    cutoff = 1.2 * hz + p["sweep_hz"] * np.exp(-np.log(10) * time / (0.6 * p["decay_s"]))
    sides = [swept_lowpass(saw(hz * time + a) + saw(hz * (1 + 0.004 * p["detune"]) * time + b), cutoff, resonance=p["resonance"]) for a, b in ((0.0, 0.3), (0.5, 0.8))]
    return decaying(np.stack(sides), decay_s=p["decay_s"], attack_s=0.002)


def _kalimba(p: Parameters, seed: int) -> Wave:
    duration_s = min(3.0 * p["decay_s"] + 0.1, 2.4)
    hz = note_hz(p["note_midi"]) * np.array([1.0, 2.0, p["upper"], 2.1 * p["upper"], 3.4 * p["upper"]])
    wave = modes(duration_s, hz=hz, decay_s=p["decay_s"] * np.array([1, 0.6, 0.3, 0.15, 0.08]), gains=np.array([1, 0.15, 0.25, 0.12, 0.06]))
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
        voice = sum((gain * bandpass(raw, 0.85 * f, 1.18 * f, order=1) for f, gain in zip(vowel, (1.0, 0.6, 0.25), strict=True)), np.zeros(len(time)))
        sides.append(voice + 0.12 * lowpass(raw, 500))
    return _swell(np.stack(sides), p)


_HELD = {"note_midi": whole(26, 43), "hold_s": log(0.2, 2.0), "release_s": log(0.05, 0.3), "attack_s": log(0.002, 0.02), "drive": lin(0.0, 0.9)}
_PICKED = {"note_midi": whole(45, 76), "decay_s": log(0.2, 0.9)}
_PAD = {"note_midi": whole(43, 67), "hold_s": log(1.0, 2.0), "release_s": log(0.4, 0.9), "attack_s": log(0.06, 0.5), "detune": lin(0.2, 1.0), "motion_hz": log(0.15, 1.5)}

BASSES = (
    Recipe("bass", "Saw", "electronic",
           {**_HELD, "detune": lin(0.05, 0.8), "pulse": lin(0.0, 1.0), "width": lin(0.15, 0.5), "sub": lin(0.2, 1.0), "cutoff_hz": log(120, 900),
            "sweep_hz": log(200, 5000), "sweep_s": log(0.06, 0.6), "resonance": lin(0.0, 0.7)}, _synth_bass, weight=1.5),
    Recipe("bass", "FM", "electronic",
           {**_HELD, "index": log(0.5, 4.0), "ratio": whole(1, 3), "sweep_s": log(0.1, 0.8), "decay_s": log(0.6, 3.0)}, _fm_bass),
    Recipe("bass", "String", "acoustic",
           {**_HELD, "decay_s": log(0.5, 1.8), "damping": lin(0.2, 0.9), "bright_hz": log(250, 2000), "place": lin(0.08, 0.3), "thumb": log(0.03, 0.3),
            "top_hz": log(1200, 6000), "drive": lin(0.0, 0.4)}, _string_bass, weight=1.5),
    Recipe("bass", "Sub", "electronic",
           {**_HELD, "note_midi": whole(25, 40), "hold_s": log(0.5, 2.0), "drop": lin(0.0, 1.0), "drop_s": log(0.01, 0.05), "second": log(0.01, 0.3), "decay_s": log(0.7, 4.0)}, _sub_bass),
    Recipe("bass", "Reese", "electronic",
           {**_HELD, "hold_s": log(0.5, 1.4), "detune": lin(0.1, 1.0), "cutoff_hz": log(120, 700), "motion_hz": log(0.3, 3.0)}, _reese, weight=0.6),
)  # fmt: skip
PLUCKS = (
    Recipe("pluck", "String", "acoustic",
           {**_PICKED, "damping": lin(0.1, 0.9), "bright_hz": log(800, 5000), "place": lin(0.06, 0.35), "box": log(0.02, 0.25)}, _string_pluck, weight=1.3),
    Recipe("pluck", "Bell", "electronic", {**_PICKED, "index": log(0.5, 5.0), "ratio": whole(1, 7), "sweep": lin(0.1, 0.8)}, _fm_pluck),
    Recipe("pluck", "Saw", "electronic", {**_PICKED, "sweep_hz": log(600, 6000), "detune": lin(0.2, 1.5), "resonance": lin(0.0, 0.6)}, _synth_pluck),
    Recipe("pluck", "Kalimba", "any", {**_PICKED, "upper": lin(4.5, 6.5), "box": log(0.03, 0.3)}, _kalimba),
)  # fmt: skip
PADS = (
    Recipe("pad", "Stack", "electronic", {**_PAD, "cutoff_hz": log(500, 3500), "motion": lin(0.2, 1.0), "fifth": lin(0, 1)}, _stack_pad, weight=1.4),
    Recipe("pad", "Glass", "any", {**_PAD, "index": log(0.05, 0.8)}, _glass_pad),
    Recipe("pad", "Choir", "acoustic", {**_PAD, "first_hz": log(320, 800), "second_hz": log(900, 2000), "breath": log(0.02, 0.3)}, _choir_pad),
)  # fmt: skip
