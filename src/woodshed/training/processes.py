"""What several processes must agree on: steps, stops and rates; else they would wait for each other for ever."""

from __future__ import annotations

from typing import cast

import torch
from accelerate import Accelerator


class Processes:
    """One process, or several that train the same model; each asks the others before it leaves the common path."""

    def __init__(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator

    @property
    def alone(self) -> bool:
        """True where there is one process."""
        return self.accelerator.num_processes == 1

    def mean(self, value: float) -> float:
        """The mean over all processes."""
        return value if self.alone else self._reduced(value, "mean")

    def any(self, wanted: bool) -> bool:
        """True if one of them wants it."""
        return wanted if self.alone else self._reduced(float(wanted), "sum") > 0

    def of_first(self, value: float) -> float:
        """What the first process says."""
        return value if self.alone else self._reduced(value if self.accelerator.is_main_process else 0.0, "sum")

    def _reduced(self, value: float, reduction: str) -> float:
        given = torch.tensor(value, dtype=torch.float32, device=self.accelerator.device)
        return float(cast("torch.Tensor", self.accelerator.reduce(given, reduction=reduction)))
