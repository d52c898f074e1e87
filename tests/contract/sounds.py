"""Small made sounds for contract tests: two classes that differ to any ear."""

from __future__ import annotations

import numpy as np

from woodshed.base.seeds import derive_seed
from woodshed.roles import Example
from woodshed.sound import Sound

RATE = 44100
CLASSES = ("noise", "tone")


def made_sound(*, class_index: int, seed: int, channels: int = 1, rate: int = RATE, seconds: float = 0.25) -> Sound:
    """A decaying burst of noise (class 0) or tone (class 1)."""
    rng = np.random.default_rng(derive_seed(seed, "contract", class_index))
    time = np.arange(round(seconds * rate)) / rate
    decay = np.exp(-time * rng.uniform(8, 30))
    if class_index == 0:
        data = rng.standard_normal((channels, len(time))) * 0.3
    else:
        data = np.sin(2 * np.pi * rng.uniform(80, 400) * time)[None].repeat(channels, axis=0) * 0.6
    return Sound((data * decay).astype(np.float32), rate)


def examples(count: int = 12, *, channels: int = 1, rate: int = RATE, seed: int = 0) -> list[Example]:
    """Examples of both classes in turn."""
    return [
        Example(made_sound(class_index=i % 2, seed=derive_seed(seed, i), channels=channels, rate=rate), i % 2, f"id{i}")
        for i in range(count)
    ]
