"""A family so small that the trainer itself is what is tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
import torch

from woodshed.roles import DataSpec, Example, FamilyConfig, Features, OptimiserPlan, Trainable
from woodshed.sound import Sound


class ToyConfig(FamilyConfig):
    batch_size: int = 4
    rate: float = 0.05


class Toy(Trainable):
    """Learns the mean level of its sounds."""

    family: ClassVar[str] = "toy"
    role: ClassVar[str] = "generator"
    Config: ClassVar[type[FamilyConfig]] = ToyConfig
    PRESETS: ClassVar[Mapping[str, FamilyConfig]] = {"debug": ToyConfig()}

    def __init__(self, config: FamilyConfig, spec: DataSpec, *, seed: int = 0) -> None:
        super().__init__(config, spec, seed=seed)
        self.level = torch.nn.Parameter(torch.zeros(1))
        self.register_buffer("offset", torch.zeros(1))

    def fit(self, examples: Iterable[Example], *, seed: int) -> None:
        self.offset += float(np.mean([example.sound.peak for example in examples])) * 0.0 + 1.0

    def encode(self, examples: Iterable[Example], *, seed: int, augment: bool) -> Features:
        peaks = [example.sound.peak for example in examples]
        return Features({"peak": torch.tensor(peaks)}, torch.ones(len(peaks)))

    def training_step(self, batch: Mapping[str, torch.Tensor], *, seed: int) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        noise = 0.1 * torch.randn(len(batch["peak"]), generator=generator)
        return {"level": ((self.level + self.offset - batch["peak"] - noise) ** 2).mean()}

    def optimisers(self) -> list[OptimiserPlan]:
        return [OptimiserPlan(torch.optim.AdamW(self.parameters(), lr=0.05), rise=2)]


def toy_examples(count: int = 8) -> list[Example]:
    return [Example(Sound(np.full((1, 10), 0.1 * i + 2.0, np.float32), 44100), -1, str(i)) for i in range(count)]


def toy() -> Toy:
    return Toy(ToyConfig(), DataSpec(44100, 1))
