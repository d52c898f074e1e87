"""What a copying report says, as frozen records that go through JSON and back."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from woodshed.metrics import Share

REPORT_VERSION = 1

State = Literal["clean", "copying", "cannot tell"]


def _number_or_none(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_number_or_none)]
"""A finite number, or None where there is none: JSON knows no NaN."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Counted(_Record):
    """So many of so many, with the exact (Clopper-Pearson) 95 % interval of the share."""

    count: int
    of: int
    share: Number
    low: float
    high: float

    @classmethod
    def of_share(cls, share: Share) -> Counted:
        """The record of a counted share."""
        return cls(count=share.count, of=share.of, share=share.share, low=share.low, high=share.high)

    @property
    def text(self) -> str:
        """As people read it.

        Examples
        --------
        >>> Counted.of_share(Share(3, 100)).text
        '3 of 100 (95 %: 0.6 to 8.5 %)'
        """
        return f"{self.count} of {self.of} (95 %: {100 * self.low:.1f} to {100 * self.high:.1f} %)"


class CopiedSound(_Record):
    """A training sound that made sounds were copied from. ``count`` of them; ``likeness`` of the nearest, 0 to 1."""

    content_id: str
    name: str
    owner: str
    group: str
    count: int
    likeness: float


class LossGap(_Record):
    """Mean loss on training and on held-out sounds, the same draws for both; ``ratio`` held-out to training."""

    training: Number
    held_out: Number
    ratio: Number


class CopyPair(_Record):
    """Files, relative to the report's folder, of a made sound and the training sound it resembles most."""

    made_file: str
    real_file: str
    real_name: str
    owner: str
    class_name: str
    likeness: float
    cents: int
    is_copy: bool


class MemorisationReport(_Record):
    """Does a model give back what it was taught?

    Attributes
    ----------
    duplicates
        Training sounds that are the same recording as another one; they count as one sound.
    copies, borrowed
        Made sounds above the threshold; those whose nearest sound is named as their lender stand under ``borrowed``.
    null, null_kind, expected
        The same of real sounds, which these were, and the share to be expected above the threshold.
    control, control_found
        Planted copies found by change; all with one change together.
    by_measure
        What the attack, later windows and the whole sound alone would call copies.
    repeats
        Made sounds that are the same as another made one.
    diversity
        Median distance of made sounds to the nearest other made one; 1 is that of as many real ones.
    """

    report_version: int = REPORT_VERSION
    model: str
    seed: int
    quick: bool
    count: int
    training_count: int
    training_groups: int
    duplicates: int
    held_out_count: int
    copies: Counted
    borrowed: Counted
    null: Counted
    null_kind: str
    expected: float
    resolved: bool
    threshold: float
    likeness_median: Number
    null_likeness_median: Number
    control: dict[str, Counted]
    control_found: Counted
    by_measure: dict[str, int]
    most_copied: tuple[CopiedSound, ...]
    loss: LossGap | None
    repeats: Counted
    diversity: Number
    state: State
    verdict: str
    advice: str
    notes: tuple[str, ...] = ()
    pairs: tuple[CopyPair, ...] = ()
    seconds: float = 0.0

    @property
    def inside_null(self) -> bool:
        """Whether the copy rate could be that of unseen real sounds; also True where nothing can be told."""
        return self.copies.low <= self.expected


def verdict_text(
    state: State, *, copies: Counted, null: Counted, beside: str, expected: float, found: Counted
) -> tuple[str, str]:
    """The finding and what to do about it, in words; ``beside`` names the real sounds of the null.

    Returns
    -------
    tuple
        Verdict and advice.
    """
    if state == "cannot tell":
        if null.of < 20:
            cause = f"only {null.of} {beside} stand beside it" if null.of else "no kits were held out"
            return f"Cannot tell: {cause}.", "add sounds of more kits, so that some can be held out"
        cause = f"only {found.count} of {found.of} planted copies were found"
        return f"Cannot tell: {cause}.", "listen to the pairs; these sounds are too alike for the check"
    chance = f"{100 * expected:.1f} % of {beside} would be called copies too"
    if state == "clean":
        return f"No more copies than chance: {copies.text}; {chance}.", "nothing: it may be used"
    return (
        f"It copies: {copies.text} of its sounds are training sounds again; {chance}.",
        "train for fewer steps or on more sounds, and generate with --copies refuse; publish none of the pairs as new",
    )
