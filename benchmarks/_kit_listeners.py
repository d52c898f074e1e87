"""Two listeners of different make that learn class names from sounds: the judges of the starter kit.

A listener here is a function ``(sounds, labels, classes, seed) -> hear``, and ``hear(sounds)`` gives probabilities of
shape ``(sounds, classes)``; any other listener fits in by the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks._kit_sounds import RATE_HZ
from woodshed.dsp import first_onset_s, mel_filterbank, stft
from woodshed.sound import Sound

Floats = npt.NDArray[np.float32]
Hear = Callable[[Sequence[Sound]], Floats]
Teach = Callable[[Sequence[Sound], Sequence[str], Sequence[str], int], Hear]

BANDS = 48
HOPS = 112
HOP_FRAMES = 441
WINDOW_FRAMES = 1024
FLOOR_DB = -70.0
EDGES_HOPS = (0, 1, 2, 4, 7, 12, 20, 34, 60, 112)
_cache: dict[str, Floats] = {}


def log_mel(sound: Sound) -> Floats:
    """Log-mel map of 1.12 s from the onset, 0 dB at its loudest, floored at -70 dB, shape ``(BANDS, HOPS)``."""
    if sound.content_id not in _cache:
        _cache[sound.content_id] = _log_mel(sound)
    return _cache[sound.content_id]


def _log_mel(sound: Sound) -> Floats:
    wave = sound.data.mean(axis=0)
    side = sound.data[0]
    if np.sum(wave**2) < 0.1 * np.sum(side**2):  # two sides in opposite phase
        wave = side
    start = max(0, int(first_onset_s(wave, RATE_HZ) * RATE_HZ) - 64)
    wave = wave[start : start + HOPS * HOP_FRAMES]
    wave = np.pad(wave, (0, HOPS * HOP_FRAMES - len(wave)))
    power = np.abs(stft(wave.astype(np.float32), window_frames=WINDOW_FRAMES, hop_frames=HOP_FRAMES))[:, :HOPS] ** 2
    bank = mel_filterbank(
        sample_rate_hz=RATE_HZ, window_frames=WINDOW_FRAMES, bands=BANDS, low_hz=30.0, high_hz=18000.0
    )
    level_db = 10 * np.log10(bank @ power + 1e-12)
    return np.maximum(level_db - level_db.max(), FLOOR_DB).astype(np.float32)


def summary(sound: Sound) -> Floats:
    """The map averaged over nine stretches of time that grow, shape ``(BANDS * 9,)``."""
    picture = log_mel(sound)
    stretches = [picture[:, start:stop].mean(axis=1) for start, stop in pairwise(EDGES_HOPS)]
    return np.concatenate(stretches)


def logistic_listener(sounds: Sequence[Sound], labels: Sequence[str], classes: Sequence[str], seed: int) -> Hear:
    """A straight-line judge: logistic regression on averaged log-mel levels, classes weighted alike; needs no seed."""
    del seed
    raw = np.stack([summary(sound) for sound in sounds])
    mean, deviation = raw.mean(axis=0), raw.std(axis=0) + 3.0
    inputs = (raw - mean) / deviation
    targets = np.array([classes.index(label) for label in labels])
    counts = np.bincount(targets, minlength=len(classes)).clip(1)
    weights = (1.0 / counts[targets]) / np.sum(1.0 / counts[targets])
    size = inputs.shape[1]

    def cost(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        table = flat.reshape(size + 1, len(classes))
        chances = _softmax(inputs @ table[:-1] + table[-1])
        picked = np.log(chances[np.arange(len(targets)), targets] + 1e-12)
        slope = chances.copy()
        slope[np.arange(len(targets)), targets] -= 1
        slope *= weights[:, None]
        gradient = np.concatenate([inputs.T @ slope + 2e-3 * table[:-1], slope.sum(axis=0, keepdims=True)])
        return float(-np.sum(weights * picked) + 1e-3 * np.sum(table[:-1] ** 2)), gradient.ravel()

    found = minimize(cost, np.zeros((size + 1) * len(classes)), jac=True, method="L-BFGS-B", options={"maxiter": 120})
    table = found.x.reshape(size + 1, len(classes))

    def hear(heard: Sequence[Sound]) -> Floats:
        values = (np.stack([summary(sound) for sound in heard]) - mean) / deviation
        return _softmax(values @ table[:-1] + table[-1]).astype(np.float32)

    return hear


def convolutional_listener(sounds: Sequence[Sound], labels: Sequence[str], classes: Sequence[str], seed: int) -> Hear:
    """A small convolutional net on the map, taught with shifts in time and pitch, tilts and noise floors."""
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pictures = np.stack([_halved(log_mel(sound)) for sound in sounds])
    targets = np.array([classes.index(label) for label in labels])
    counts = np.bincount(targets, minlength=len(classes)).clip(1)
    chances = 1.0 / counts[targets] ** 0.75
    chances /= chances.sum()
    net = _net(len(classes))
    steps, batch = 220, 40
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.03)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    net.train()
    for _ in range(steps):
        chosen = rng.choice(len(targets), batch, p=chances)
        inputs = torch.from_numpy(np.stack([_varied(pictures[index], rng) for index in chosen]))
        loss = torch.nn.functional.cross_entropy(net(inputs), torch.from_numpy(targets[chosen]), label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        plan.step()
    net.eval()

    def hear(heard: Sequence[Sound]) -> Floats:
        with torch.no_grad():
            return torch.softmax(
                net(torch.from_numpy(np.stack([_halved(log_mel(sound)) / 35.0 + 1.0 for sound in heard]))), dim=1
            ).numpy()

    return hear


def _net(classes: int):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            widths = (1, 12, 24, 32, 48)
            for before, after in pairwise(widths):
                layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
            self.body = nn.Sequential(*layers)
            self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(48 * 3 * 2, classes))

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            maps = self.body(pictures[:, None])  # (batch, 48, 3, 3)
            early = maps[..., 0].flatten(1)
            return self.head(torch.cat([early, maps.mean(dim=-1).flatten(1)], dim=1))

    return Net()


def _halved(picture: Floats) -> Floats:
    """The map with hops in pairs, to save time; the first hop, which holds the onset, keeps its own place."""
    return np.concatenate([picture[:, :1], 0.5 * (picture[:, 1:-1:2] + picture[:, 2::2])], axis=1)


def _varied(picture: Floats, rng: np.random.Generator) -> Floats:
    """A map moved a little in time and pitch, tilted, with another noise floor; scaled for the net."""
    moved = np.roll(picture, int(rng.integers(-2, 3)), axis=0)
    late = int(rng.integers(0, 3))
    if late:
        moved = np.concatenate([np.full((BANDS, late), FLOOR_DB, np.float32), moved[:, :-late]], axis=1)
    moved = moved + rng.uniform(-6, 6) * np.linspace(-1, 1, BANDS)[:, None] + rng.normal(0, 1.5, moved.shape)
    floor_db = rng.uniform(FLOOR_DB, -45) if rng.random() < 0.4 else FLOOR_DB
    return (np.maximum(moved, floor_db) / 35.0 + 1.0).astype(np.float32)


def _softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


LISTENERS: dict[str, Teach] = {
    "straight lines on log-mel": logistic_listener,
    "convolutions on log-mel": convolutional_listener,
}
