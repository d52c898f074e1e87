"""Sounds of the library that may lend fine structure to new sounds, under the grant ``resynthesise``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from woodshed.sound import Sound


class LenderPool(ABC):
    """Where a generator may borrow. Reading checks the grant at that moment.

    Attributes are plain methods so that a pool may be a library, a folder in a test, or nothing at all.
    """

    @abstractmethod
    def content_ids(self) -> Sequence[str]:
        """Content ids of all lenders, in a fixed order."""

    @abstractmethod
    def class_name(self, content_id: str) -> str | None:
        """The lender's class, if it has one."""

    @abstractmethod
    def read(self, content_id: str) -> Sound:
        """The lender's sound at the pool's own rate and channels.

        Raises
        ------
        ConsentRefused
            If the grant was withdrawn in the meantime.
        """

    @abstractmethod
    def key(self) -> str:
        """A short hash of what is in the pool: the name under which an index of it may be cached."""


class NoLenders(LenderPool):
    """The empty pool: every fine structure is made, none is borrowed."""

    def content_ids(self) -> Sequence[str]:
        """Nothing."""
        return ()

    def class_name(self, content_id: str) -> str | None:
        """Nothing is in this pool."""
        raise KeyError(content_id)

    def read(self, content_id: str) -> Sound:
        """Nothing is in this pool."""
        raise KeyError(content_id)

    def key(self) -> str:
        """Always the same."""
        return "none"
