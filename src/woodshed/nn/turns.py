"""Seeds side by side share things out evenly: a number, and a turn, for each."""

from __future__ import annotations

_STEP = 0x9E3779B97F4A7C15  # 0.6180... of 2^64
_BEGIN = 0x5851F42D4C957F2D  # so that turn 0 is no special one


def evenly(turn: int, *, step: int = _STEP) -> float:
    """A number from 0 to less than 1 for each turn; those of turns side by side fill that range evenly.

    With two steps that are in no simple ratio, two such numbers fill a square.

    References
    ----------
    Weyl 1916, "Über die Gleichverteilung von Zahlen mod. Eins", Math. Ann. 77. The usual step is that of the
    golden ratio, which fills most evenly.

    Examples
    --------
    >>> sorted(int(4 * evenly(turn)) for turn in range(8))
    [0, 0, 1, 1, 2, 2, 3, 3]
    """
    return ((int(turn) * step + _BEGIN) % 2**64 >> 11) / 2**53


def turn_of(seed: int, *, share: float) -> tuple[bool, int]:
    """Whether a seed is one of a share of all seeds, and its turn: how many on its side of the line come before it.

    Of seeds side by side the share is met to within one, on either side, and each side has turns side by side. Seeds
    that lie some steps apart may all fall on one side: those of one class are best given side by side.

    References
    ----------
    Beatty 1926, problem 3173, Amer. Math. Monthly 33: the wholes of multiples, here of the share.

    Examples
    --------
    >>> [turn_of(seed, share=0.25) for seed in range(5)]
    [(False, 0), (False, 1), (False, 2), (True, 0), (False, 3)]
    """
    parts = round(share * 2**32)
    before = int(seed) * parts >> 32
    inside = (int(seed) + 1) * parts >> 32 > before
    return inside, before if inside else int(seed) - before
