"""What was worked out of tensors, remembered until one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

_Found = TypeVar("_Found")


class UntilChanged:
    """Remembers what was worked out of tensors, by name, until one of them is another or was written to.

    Examples
    --------
    >>> numbers, sums = torch.ones(3), UntilChanged()
    >>> sums.of("sum", [numbers], lambda: float(numbers.sum()))
    3.0
    >>> numbers[0] = 5.0
    >>> sums.of("sum", [numbers], lambda: float(numbers.sum()))
    7.0
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[list[tuple[Tensor, int]], Any]] = {}

    def of(self, name: str, tensors: Sequence[Tensor], work: Callable[[], _Found]) -> _Found:
        """What ``work`` finds in these tensors; from memory where they are as they were under this name.

        Tensors of inference mode do not tell whether they were written to: of these nothing is remembered.
        """
        if any(tensor.is_inference() for tensor in tensors):
            return work()
        known = self._found.get(name)
        if known is not None:
            then, found = known
            if len(then) == len(tensors) and all(
                old is new and version == new._version for (old, version), new in zip(then, tensors, strict=True)
            ):
                return found
        with torch.inference_mode(mode=False), torch.no_grad():  # what is kept must serve training too
            found = work()
        self._found[name] = [(tensor, tensor._version) for tensor in tensors], found
        return found
