"""What an evaluation says, as frozen records that go through JSON and back."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from woodshed.metrics import Share

REPORT_VERSION = 2


def _number_or_none(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_number_or_none)]
"""A finite number, or None where there is none: JSON knows no NaN."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CountedShare(_Record):
    """So many of so many, with the exact 95 % interval of the share."""

    count: int
    of: int
    share: Number
    low: float
    high: float

    @classmethod
    def of_share(cls, share: Share) -> CountedShare:
        """The record of a counted share."""
        return cls(count=share.count, of=share.of, share=share.share, low=share.low, high=share.high)


class Overlap(_Record):
    """How a row lies to a reference in one feature space.

    ``kernel`` is the unbiased kernel distance x 1000 with its 95 % interval over groups and its permutation p;
    ``frechet`` that of fitted Gaussians; the rest are shares of nearest neighbours (k = 5) at matched counts.
    """

    space: str
    reference: Literal["training", "held-out", "other half"]
    kernel: Number
    kernel_low: Number
    kernel_high: Number
    p_value: Number
    frechet: Number
    precision: Number
    recall: Number
    density: Number
    coverage: Number
    count: int
    reference_count: int


class Told(_Record):
    """How well a judge that was trained afresh told a row from training sounds it had not heard; 0.5 is guessing.

    ``judge`` is "descriptors" (logistic) or "pictures" (a small network); ``low`` and ``high`` end the 95 % interval.
    """

    judge: str
    share: Number
    low: Number
    high: Number
    count: int


class Row(_Record):
    """One line of the table: the generated sounds, or a reference row that needs no model.

    ``likeness`` is the median likeness to the nearest training sound; ``novelty`` the median distance to the nearest
    training sound, held-out real sounds being 1; ``agreement`` the share heard as the class asked for, classes
    weighted alike, and ``relative_agreement`` that beside real training sounds.
    """

    name: str
    kind: Literal["made", "real", "no model"]
    count: int
    overlaps: tuple[Overlap, ...]
    clean: CountedShare
    faults: dict[str, int]
    copies: CountedShare | None
    likeness: Number
    novelty: Number
    agreement: Number
    relative_agreement: Number
    told: tuple[Told, ...] = ()

    def told_by(self, judge: str) -> Told | None:
        """What one judge said, if it was asked."""
        return next((one for one in self.told if one.judge == judge), None)

    def overlap(self, space: str, reference: str) -> Overlap | None:
        """The overlap in one space with one reference, if it was measured."""
        return next((one for one in self.overlaps if (one.space, one.reference) == (space, reference)), None)


class Floor(_Record):
    """Kernel distance of one half of the real kits from the other in one space: mean and largest of some draws."""

    space: str
    kernel: Number
    kernel_high: Number
    draws: int


class CopyReport(_Record):
    """The copy check: its threshold, the null it was taken from, and the planted copies it found."""

    threshold: float
    made: CountedShare
    null: CountedShare
    null_kind: str
    expected: float
    resolved: bool
    control: dict[str, CountedShare]
    control_found: CountedShare
    can_tell: bool
    inside_null: bool


class ListenerReport(_Record):
    """Who judged the classes, what it learned from, and how often it is right about real sounds it never heard.

    ``heard_training_sounds`` is a warning: such a listener flatters sounds that are made from them.
    """

    trained_on: int
    classes: tuple[str, ...]
    steps: int
    heard_training_sounds: bool
    right_on_unheard: Number
    unheard: int


class GapReport(_Record):
    """How far the typical made sound lies from the typical real one of its class, in words and numbers."""

    name: str
    text: str
    gap: float
    floor: float
    severity: float


class ClassGapReport(_Record):
    """One descriptor in one class: the gap, and what one half of the class's own kits shows against the other.

    ``spread`` is None where the class has one kit only. Times are in octaves.
    """

    class_name: str
    name: str
    text: str
    gap: float
    spread: Number
    beyond: bool
    count: int
    real_count: int


class PairsReport(_Record):
    """How many made sounds a pair of training sounds explains better than 1 % of held-out real ones.

    ``mixed``: two laid over each other; ``crossed``: the fine structure of one under another's envelope. ``control``
    counts planted pairs that were found, ``expected`` is what chance would leave above at most.
    """

    mixed: CountedShare
    crossed: CountedShare
    control: dict[str, CountedShare]
    expected: float
    can_tell: bool
    inside_null: bool


class FrontierPoint(_Record):
    """Novelty beside fidelity of one trick at one strength."""

    series: str
    strength: float
    kernel: Number
    novelty: Number


class Pair(_Record):
    """A made sound and the training sound it resembles most, as files beside the report."""

    kind: Literal["most alike", "drawn"]
    class_name: str
    made_file: str
    real_file: str
    real_name: str
    likeness: float
    cents: int
    is_copy: bool


class ClassExamples(_Record):
    """Some made sounds of a class and some real ones, as files beside the report."""

    class_name: str
    made_files: tuple[str, ...]
    real_files: tuple[str, ...]
    real_names: tuple[str, ...]


class EvaluationReport(_Record):
    """Everything an evaluation found. All figures name their count; ``notes`` say what to keep in mind."""

    version: int = REPORT_VERSION
    features_version: int
    model: str
    seed: int
    quick: bool
    count: int
    training_count: int
    training_groups: int
    held_out_count: int
    held_out_groups: int
    heard_s: float
    rows: tuple[Row, ...]
    floors: tuple[Floor, ...]
    copying: CopyReport
    listener: ListenerReport | None
    gaps: tuple[GapReport, ...]
    novelty: str
    closeness: str
    worst: str
    verdict: str
    advice: str
    class_gaps: tuple[ClassGapReport, ...] = ()
    explained: PairsReport | None = None
    frontier: tuple[FrontierPoint, ...] = ()
    pairs: tuple[Pair, ...] = ()
    examples: tuple[ClassExamples, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float

    @property
    def generated(self) -> Row:
        """The row of the generated sounds."""
        return next(row for row in self.rows if row.kind == "made")

    def row(self, name: str) -> Row:
        """A row by its name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)
