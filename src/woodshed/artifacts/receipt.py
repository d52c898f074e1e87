"""What made an output: task, model, knobs, seed, inputs, versions, and whose sounds stand behind it."""

from __future__ import annotations

import datetime
import platform
from importlib.metadata import PackageNotFoundError, version

from pydantic import BaseModel, ConfigDict

from woodshed.base.version import __version__

OWNER_UNKNOWN = "owner unknown"
NO_MODEL = ""  # what stands for the model where none took part: a word, so that older readers understand it


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _NamedSound(_Record):
    content_id: str
    name: str
    owner: str = OWNER_UNKNOWN
    credit: str | None = None


class InputSound(_NamedSound):
    """A sound the person gave to the task."""


class Lender(_NamedSound):
    """A sound of the library that lent fine structure, or went into the output, under the grant ``resynthesise``."""


class TakenSound(_NamedSound):
    """A training sound of which an output is a further take, or that one is led towards.

    A take lies between the two in envelope, beginning, course, colour and length, nearer to the first, and rings as
    the first; all is made anew.
    """


class CopyChecked(_Record):
    """How like the nearest training sound an output is, 0 to 1, and how often it was made anew because it was a copy.

    ``excess`` is how far that sound stands out from the others; above ``threshold`` the output would be refused.
    """

    nearest: str
    likeness: float
    excess: float
    threshold: float
    made_anew: int = 0


class Receipt(_Record):
    """The papers of one output; written beside it and inside it.

    ``sources`` counts the training sounds of each owner; the model's card lists them one by one. Where no model took
    part, ``model``, ``model_digest`` and ``family`` are empty. ``copy_check`` says which training sound the output is
    most like and how much, where that was looked for. ``take_of`` names the training sound of which the output is a
    further take, where it is one, and ``take_towards`` the one that it is led towards, if any.
    """

    format_version: int = 1
    task: str
    made_at: str
    content_id: str = ""
    model: str
    model_digest: str
    family: str
    class_name: str | None = None
    seed: int
    knobs: dict[str, float | int | bool | str | None]
    inputs: tuple[InputSound, ...] = ()
    lenders: tuple[Lender, ...] = ()
    sources: dict[str, int] = {}
    credits: tuple[str, ...] = ()
    merkle_root: str = ""
    ledger_head: str = ""
    references: tuple[str, ...] = ()
    finishing: dict[str, float | str | None] = {}
    copy_check: CopyChecked | None = None
    take_of: TakenSound | None = None
    take_towards: TakenSound | None = None
    versions: dict[str, str] = {}

    @property
    def has_model(self) -> bool:
        """Whether a model took part."""
        return self.model_digest != NO_MODEL

    def take_words(self) -> str | None:
        """The sound of which the output is a further take and the one it is led towards, by name; None for no take."""
        if self.take_of is None:
            return None
        return f"{self.take_of.name}, towards {self.take_towards.name}" if self.take_towards else self.take_of.name

    def all_credits(self) -> tuple[str, ...]:
        """Every credit line this output must carry, each once."""
        given = [part.credit for part in (*self.inputs, *self.lenders) if part.credit]
        return tuple(sorted({*self.credits, *given}))


def now_text() -> str:
    """The time as receipts and cards write it: UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def versions_here() -> dict[str, str]:
    """Versions of what takes part in making sound."""
    found = {"woodshed": __version__, "python": platform.python_version()}
    for name in ("torch", "numpy", "scipy", "soundfile", "soxr"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
