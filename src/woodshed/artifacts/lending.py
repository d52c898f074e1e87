"""Lenders out of the library: who may lend fine structure now, under the grant ``resynthesise``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from woodshed.library import Library, Purpose, TrainingSet
from woodshed.roles import LenderPool
from woodshed.sound import Sound


class LibraryLenders(LenderPool):
    """A pool over chosen sounds of a library; each read asks the ledger anew."""

    def __init__(self, sounds: TrainingSet) -> None:
        self._sounds = sounds
        self._classes = {item.content_id: item.class_name for item in sounds.items}

    @classmethod
    def over(
        cls, library: Library, content_ids: Sequence[str], *, sample_rate_hz: int, channels: int | None
    ) -> LibraryLenders:
        """Those of the given sounds that may lend now, at this rate and on these channels."""
        sounds = library.training_set(
            "all", purpose=Purpose.RESYNTHESISE, sample_rate_hz=sample_rate_hz, channels=channels, include=content_ids
        )
        return cls(sounds)

    def content_ids(self) -> Sequence[str]:
        """Content ids of all lenders, sorted."""
        return sorted(self._classes)

    def class_name(self, content_id: str) -> str | None:
        """The lender's class."""
        return self._classes[content_id]

    def read(self, content_id: str) -> Sound:
        """The lender's sound, if it may still lend."""
        return self._sounds.read(content_id).sound

    def key(self) -> str:
        """A hash of all content ids, the rate and the channels."""
        text = "\n".join([*self.content_ids(), f"{self._sounds.sample_rate_hz}/{self._sounds.channels}"])
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
