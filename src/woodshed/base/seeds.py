"""Randomness is data: every seed is derived from another by name, never drawn from the air."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, *path: str | int) -> int:
    """Give a child seed for one use of a parent seed.

    Parameters
    ----------
    seed
        Any integer.
    path
        Names and indices that say what the child is for, for example ``"noise", 3``.

    Returns
    -------
    int
        An integer in [0, 2**63), the same on every machine.

    Examples
    --------
    >>> derive_seed(1, "noise", 0) == derive_seed(1, "noise", 0)
    True
    >>> derive_seed(1, "noise", 0) == derive_seed(1, "noise", 1)
    False
    """
    digest = hashlib.blake2b(repr((int(seed), *path)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
