"""The capability of teaching a faster model of the same kind from its own sounds alone."""

from __future__ import annotations

from abc import ABC, abstractmethod

from woodshed.roles.examples import Features
from woodshed.roles.trainable import Trainable


class Distils(ABC):
    """Can be the teacher of a model that needs fewer steps; no sound of a library is read for it."""

    @abstractmethod
    def own_pairs(self, count: int, *, seed: int) -> Features:
        """What the model's own solver makes of noise: ``count`` starts, and where each of them ends.

        Requests are drawn as the training sounds were: classes in their proportions, lengths from their tables, some
        of no class. Steps and guidance are the model's defaults. The features hold ``noise`` besides what `encode`
        gives, and ``training_step`` then learns the straight way from this noise to this end.
        """

    @abstractmethod
    def student(self, *, steps: int) -> Trainable:
        """A new model with the same weights, whose defaults are so many steps and no second pass for guidance."""
