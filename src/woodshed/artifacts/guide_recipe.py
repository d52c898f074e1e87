"""Guides as a file to share: which losses, how strong, when, and their targets. No code, no audio inside.

The file is JSON of `GuideRecipe`. Targets are numbers and curves, or names of sound files beside the recipe. Unknown
keys are refused. A loss of the user's own is named, never contained, and runs only where the person at the keyboard
says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from woodshed.base.errors import UsageError
from woodshed.base.files import write_text_atomically
from woodshed.roles.guiding import MOST_WEIGHT

FORMAT_VERSION = 1
MOST_BYTES = 4 << 20
MOST_GUIDES = 32
MOST_POINTS = 10_000

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Points = Annotated[tuple[tuple[_Finite, _Finite], ...], Field(min_length=2, max_length=MOST_POINTS)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ScheduleFacts(_Part):
    """When a guide pulls: from and until which flow time (0 noise, 1 sound; never if alike), and how that pull goes."""

    start: float = Field(default=0.0, ge=0, lt=1)
    stop: float = Field(default=1.0, ge=0, le=1)
    curve: Literal["even", "rising", "falling"] = "even"

    @model_validator(mode="after")
    def _start_comes_first(self) -> Self:
        if self.start > self.stop:
            raise ValueError("start must come before stop")
        return self


class _GuideFacts(_Part):
    weight: float = Field(default=1.0, ge=0, le=MOST_WEIGHT)
    schedule: ScheduleFacts = ScheduleFacts()


class HeardAsFacts(_GuideFacts):
    """Heard as a class by a listener of the workspace."""

    kind: Literal["heard-as"] = "heard-as"
    class_name: str = Field(alias="class")
    listener: str


class _LikeOrPoints(_GuideFacts):
    """A sound file, or the numbers themselves; one of the two."""

    like: str | None = None
    points: _Points | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.like is None) == (self.points is None):
            raise ValueError("give either like (a sound file) or points (numbers), not both")
        if self.points is not None and any(b[0] <= a[0] for a, b in zip(self.points, self.points[1:], strict=False)):
            raise ValueError("points must rise from left to right")
        return self


class SpectrumFacts(_LikeOrPoints):
    """The levels of thirds of an octave: of a file, or points of (Hz, dB)."""

    kind: Literal["spectrum"] = "spectrum"

    @model_validator(mode="after")
    def _frequencies_are_positive(self) -> Self:
        if self.points is not None and self.points[0][0] <= 0:
            raise ValueError("frequencies are above 0 Hz")
        return self


class LoudnessFacts(_LikeOrPoints):
    """Loudness over time: of a file, or points of (s, dB below the loudest)."""

    kind: Literal["loudness"] = "loudness"


class GrooveFacts(_LikeOrPoints):
    """How strongly something begins at each moment: in a file, or points of (s, strength)."""

    kind: Literal["groove"] = "groove"


class OnsetsFacts(_GuideFacts):
    """Onsets at given times, or ``count`` of them on a grid of ``per_beat`` at ``bpm``."""

    kind: Literal["onsets"] = "onsets"
    times_s: tuple[Annotated[float, Field(ge=0, le=60)], ...] | None = Field(default=None, min_length=1, max_length=256)
    bpm: float | None = Field(default=None, ge=20, le=400)
    count: int | None = Field(default=None, ge=1, le=256)
    per_beat: int = Field(default=1, ge=1, le=16)

    @model_validator(mode="after")
    def _times_or_grid(self) -> Self:
        grid = self.bpm is not None and self.count is not None
        if (self.times_s is not None) == grid or (self.bpm is None) != (self.count is None):
            raise ValueError("give either times_s, or bpm and count")
        return self

    @property
    def times(self) -> tuple[float, ...]:
        """The times in seconds, however they were given."""
        if self.times_s is not None:
            return self.times_s
        assert self.bpm is not None
        assert self.count is not None
        return tuple(round(number * 60 / self.bpm / self.per_beat, 6) for number in range(self.count))


class UnlikeFacts(_GuideFacts):
    """Away from a file, by at least so many decibels on average over its mel picture."""

    kind: Literal["unlike"] = "unlike"
    schedule: ScheduleFacts = ScheduleFacts(stop=0.0)
    like: str
    distance_db: float = Field(default=15.0, gt=0, le=60)


class BrightnessFacts(_GuideFacts):
    """The centre of gravity of the spectrum."""

    kind: Literal["brightness"] = "brightness"
    hz: float = Field(ge=20, le=20000)


class DecayFacts(_GuideFacts):
    """Milliseconds from the peak until a sound stays 20 dB below it."""

    kind: Literal["decay"] = "decay"
    ms: float = Field(ge=5, le=20000)


class FunctionFacts(_GuideFacts):
    """A loss of the user's own: ``module:function``, ``file.py:function``, or the name of an entry point."""

    kind: Literal["function"] = "function"
    function: str


GuideFacts = Annotated[
    HeardAsFacts
    | SpectrumFacts
    | LoudnessFacts
    | GrooveFacts
    | OnsetsFacts
    | UnlikeFacts
    | BrightnessFacts
    | DecayFacts
    | FunctionFacts,
    Field(discriminator="kind"),
]


class GuideRecipe(_Part):
    """Several guides with their weights and schedules, to save, to share and to load.

    Examples
    --------
    >>> recipe = GuideRecipe(name="short and bright", guides=(BrightnessFacts(hz=4000), DecayFacts(ms=80, weight=0.5)))
    >>> GuideRecipe.model_validate_json(recipe.model_dump_json(by_alias=True)) == recipe
    True
    """

    format: Literal["woodshed-guide"] = "woodshed-guide"
    format_version: Literal[1] = FORMAT_VERSION
    name: str = ""
    text: str = ""
    guides: tuple[GuideFacts, ...] = Field(min_length=1, max_length=MOST_GUIDES)

    @property
    def functions(self) -> tuple[str, ...]:
        """Losses of the user's own that it names."""
        return tuple(part.function for part in self.guides if isinstance(part, FunctionFacts))


def load_recipe(path: Path) -> GuideRecipe:
    """Read a recipe; nothing in it is run.

    Raises
    ------
    UsageError
        If the file is missing, too large, or no recipe of this version.
    """
    try:
        content = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
        return GuideRecipe.model_validate_json(content)
    except OSError as error:
        raise UsageError(
            f"The recipe {path.name} cannot be read ({error.strerror})",
            cause="the name is misspelt, or the file was moved",
            way_out="give the path of a recipe; --save writes one from the flags",
        ) from error
    except ValidationError as error:
        raise _no_recipe(path.name, error) from error


def recipe_from(facts: Mapping[str, object]) -> GuideRecipe:
    """A recipe from its keys and values.

    Raises
    ------
    UsageError
        If they make no recipe.

    Examples
    --------
    >>> recipe_from({"guides": [{"kind": "decay", "ms": 80}]}).guides[0].weight
    1.0
    """
    try:
        return GuideRecipe.model_validate(facts)
    except ValidationError as error:
        raise _no_recipe("What was given", error) from error


def _no_recipe(name: str, error: ValidationError) -> UsageError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "all of it"
    return UsageError(
        f"{name} is no recipe of guides: {place}: {first['msg']}",
        cause="it was written by hand with a slip, or for a newer version",
        way_out="docs/guide.md shows every kind of guide with its keys",
    )


def save_recipe(path: Path, recipe: GuideRecipe) -> None:
    """Write a recipe, whole or not at all."""
    write_text_atomically(path, recipe.model_dump_json(indent=1, by_alias=True, exclude_none=True) + "\n")
