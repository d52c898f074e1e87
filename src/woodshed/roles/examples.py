"""What a family sees of a training set: sounds with class numbers, and the features it makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from woodshed.sound import Sound


@dataclass(frozen=True)
class DataSpec:
    """What the sounds of a model have in common: rate in Hz, channels, class names in the order of their numbers."""

    sample_rate_hz: int
    channels: int
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """One training sound. ``class_index`` counts into ``DataSpec.classes``; -1 means no class.

    ``bpm`` and ``bars`` are those of a loop, where they are known.
    """

    sound: Sound
    class_index: int = -1
    content_id: str = ""
    bpm: float | None = None
    bars: int | None = None


@dataclass(frozen=True)
class Features:
    """What a family keeps of its sounds while it trains: tensors whose first axis counts examples.

    ``weights`` (examples,) says how often each is drawn, any positive scale; None draws all alike.
    """

    tensors: dict[str, torch.Tensor]
    weights: torch.Tensor | None = field(default=None)

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values()))) if self.tensors else 0

    def batch(self, indices: torch.Tensor) -> dict[str, torch.Tensor]:
        """The examples of these numbers, as one tensor per name."""
        return {name: tensor[indices] for name, tensor in self.tensors.items()}
