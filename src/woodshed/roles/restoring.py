"""The capability of giving a sound back what a recording took from it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from woodshed.roles.generator import Made
from woodshed.sound import Sound


class Restores(ABC):
    """Knows what usually sounds above a given lower part."""

    @abstractmethod
    def restore_top(
        self,
        sound: Sound,
        *,
        cutoff_hz: float,
        seed: int,
        class_name: str | None = None,
        drawn: bool = False,
        steps: int | None = None,
    ) -> Made:
        """The sound with a new band above a cutoff; what lies below is untouched, to -60 dB or better.

        Parameters
        ----------
        sound
            One or two channels, any length; it ends at the cutoff.
        drawn
            Off: the top that is likeliest under the lower part. On: one of those that are plausible, another at every
            seed.
        class_name
            What it is, for a drawn top; None lets the model decide.

        Raises
        ------
        RateMismatch
            If the sound has another rate than the model.
        """
