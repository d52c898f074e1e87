"""The role of naming what is heard."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from woodshed.roles.trainable import Trainable
from woodshed.sound import Sound


class Listener(Trainable):
    """Hears a sound and says which of its classes it is."""

    role: ClassVar[str] = "listener"

    @abstractmethod
    def hear(self, sounds: Sequence[Sound]) -> npt.NDArray[np.float32]:
        """Probabilities, shape ``(sounds, classes)``, rows sum to 1. Any rate and channel count."""

    @abstractmethod
    def features(self, sounds: Sequence[Sound]) -> npt.NDArray[np.float32]:
        """Inner description of each sound, shape ``(sounds, dims)``."""
