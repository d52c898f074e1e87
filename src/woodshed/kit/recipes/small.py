"""Small things that are shaken or struck: shakers and cowbells."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.kit.recipe import Parameters, Recipe, Wave, lin, log, whole
from woodshed.kit.shaping import (
    RENDER_RATE_HZ,
    added,
    bandpass,
    decaying,
    frames_of,
    highpass,
    levelled,
    lowpass,
    saturated,
    times,
)
from woodshed.kit.tones import modes, noise, square


def _beads(seed: int, *, density: Wave) -> Wave:
    """Beads that hit the wall: impulses at random moments, ``density`` of them a second, shape as ``density``."""
    rng = np.random.default_rng(derive_seed(seed, "beads"))
    hits = rng.random(len(density)) < density / RENDER_RATE_HZ
    return hits * rng.normal(0.0, 1.0, len(density)) * (0.3 + rng.random(len(density)))


def _strokes(p: Parameters) -> Wave:
    """How hard the beads fly over time: one push a stroke, later ones stronger or weaker."""
    strokes = int(p["strokes"])
    time = times(p["stroke_s"] * strokes + 0.25)
    push = np.zeros(len(time))
    for index in range(strokes):
        place = (time - index * p["stroke_s"]) / p["stroke_s"]
        rise = np.clip(place / p["rise"], 0, 1) ** 2
        fall = np.exp(-np.maximum(place - p["rise"], 0) / p["fall"])
        push += np.where(place >= 0, rise * fall, 0.0) * p["growth"] ** index
    return push / push.max()


def _shaken(p: Parameters, seed: int) -> Wave:
    push = _strokes(p)
    hits = _beads(seed, density=p["beads"] * (0.05 + push))
    hiss = noise(len(push) / RENDER_RATE_HZ, seed=derive_seed(seed, "hiss"))[: len(push)]
    raw = (levelled(hits) + p["hiss"] * 0.12 * hiss) * push
    shell = bandpass(raw, 0.75 * p["tone_hz"], min(1.7 * p["tone_hz"], 20000))
    bright = highpass(raw, 1.2 * p["tone_hz"], order=1)
    body = bandpass(raw, 350, 2500, order=1)
    return lowpass(added(levelled(shell), p["air"] * levelled(bright), p["body"] * levelled(body)), 18000)


def _jingles(p: Parameters, seed: int) -> Wave:
    """Small pairs of metal discs that clash again and again."""
    rng = np.random.default_rng(derive_seed(seed, "jingles"))
    push = _strokes(p)
    hits = _beads(seed, density=0.35 * p["beads"] * (0.02 + push)) * push
    hz = p["tone_hz"] * rng.uniform(0.5, 2.0, 90)
    ring = modes(0.25, hz=hz, decay_s=rng.uniform(0.02, 0.09, 90), gains=rng.rayleigh(1.0, 90), phases=rng.random(90))
    size = frames_of(0.25) + len(hits)
    wave = np.fft.irfft(np.fft.rfft(hits, size) * np.fft.rfft(ring, size), size)
    return highpass(wave, 2500)


def _bell_squares(p: Parameters, seed: int) -> Wave:
    duration_s = 3.5 * p["decay_s"] + 0.05
    time = times(duration_s)
    raw = square(p["pitch_hz"] * time) + p["upper"] * square(p["pitch_hz"] * p["interval"] * time + 0.21)
    band = bandpass(raw, 0.75 * p["pitch_hz"], 5.5 * p["pitch_hz"], order=1)
    body = 0.6 * decaying(band, decay_s=0.12 * p["decay_s"]) + decaying(band, decay_s=p["decay_s"], attack_s=0.003)
    return saturated(highpass(added(levelled(body), _tap(p, seed)), 0.85 * p["pitch_hz"], order=3), p["drive"])


def _bell_plate(p: Parameters, seed: int) -> Wave:
    """A folded metal bell: two strong modes a sixth apart, stiff ones above, a stick."""
    duration_s = 3.5 * p["decay_s"] + 0.06
    rng = np.random.default_rng(derive_seed(seed, "bell"))
    ratios = np.array([1.0, p["interval"], 2.35, 2.9, 3.7, 4.6, 5.9, 7.3, 9.1]) * rng.uniform(0.96, 1.04, 9)
    gains = np.array([1.0, 0.8, 0.35, 0.4, 0.25, 0.2, 0.15, 0.1, 0.08]) * rng.uniform(0.5, 1.3, 9)
    body = modes(duration_s, hz=p["pitch_hz"] * ratios, decay_s=p["decay_s"] * ratios ** -p["damping"], gains=gains)
    return saturated(added(decaying(levelled(body), decay_s=20.0, attack_s=0.004), _tap(p, seed)), p["drive"])


def _tap(p: Parameters, seed: int) -> Wave:
    tap = bandpass(noise(0.04, seed=derive_seed(seed, "tap")), 2000, p["tap_hz"])
    return p["tap"] * levelled(decaying(tap, decay_s=0.006, attack_s=0.0003))


_SHAKE = {
    "tone_hz": log(6000, 12000),
    "air": log(0.2, 0.8),
    "body": log(0.02, 0.12),
    "beads": log(1200, 7000),
    "hiss": log(0.3, 2.0),
    "strokes": whole(1, 3),
    "stroke_s": log(0.12, 0.32),
    "rise": lin(0.25, 0.6),
    "fall": log(0.1, 0.3),
    "growth": log(0.6, 2.2),
}
_BELL = {
    "pitch_hz": log(545, 950),
    "interval": lin(1.42, 1.58),
    "decay_s": log(0.11, 0.26),
    "tap": log(0.05, 0.4),
    "tap_hz": log(5000, 11000),
    "drive": lin(0.0, 0.6),
}

SHAKERS = (
    Recipe(
        "shaker", "Egg", "any", {**_SHAKE, "strokes": whole(1, 1), "stroke_s": log(0.08, 0.22)}, _shaken, weight=1.2
    ),
    Recipe("shaker", "Maraca", "any", {**_SHAKE, "strokes": whole(2, 4)}, _shaken),
    Recipe(
        "shaker",
        "Cabasa",
        "any",
        {**_SHAKE, "beads": log(700, 2200), "tone_hz": log(5500, 9000), "strokes": whole(1, 2)},
        _shaken,
        weight=0.8,
    ),
    Recipe(
        "shaker",
        "Jingle",
        "acoustic",
        {**_SHAKE, "beads": log(500, 2000), "tone_hz": log(6500, 9500)},
        _jingles,
        weight=0.5,
    ),
)
COWBELLS = (
    Recipe("cowbell", "Squares", "electronic", {**_BELL, "upper": lin(0.5, 1.0)}, _bell_squares),
    Recipe("cowbell", "Bell", "acoustic", {**_BELL, "damping": lin(0.1, 0.6)}, _bell_plate, weight=1.4),
    Recipe(
        "cowbell",
        "Agogo",
        "acoustic",
        {
            **_BELL,
            "pitch_hz": log(700, 1300),
            "interval": lin(2.3, 2.8),
            "decay_s": log(0.15, 0.3),
            "damping": lin(0.1, 0.5),
        },
        _bell_plate,
        weight=0.6,
    ),
)
