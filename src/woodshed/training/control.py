"""What may be changed while a training runs: a small file in its folder, read every few steps."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from woodshed.base.errors import TrainingFailed
from woodshed.base.files import printable, write_text_atomically


class Control(BaseModel):
    """Wishes of the person who watches.

    Attributes
    ----------
    learning_rate
        What the learning rate is multiplied with from now on.
    preview_classes
        Classes to hear in previews, with commas; empty for the first few.
    stop
        Stop after the current step and keep the model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float = Field(default=1.0, ge=0, le=100, allow_inf_nan=False)
    preview_classes: str = ""
    stop: bool = False


def read_control(folder: Path) -> Control:
    """The wishes that stand now; none where nobody wrote any.

    Raises
    ------
    TrainingFailed
        If the file holds something else.
    """
    path = folder / "control.json"
    try:
        return Control.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Control()
    except (ValidationError, OSError) as error:
        raise TrainingFailed(
            f"{printable(path)} holds no wishes a training can follow",
            cause="it was edited by hand",
            way_out="delete it, and use woodshed runs set NAME learning_rate=0.5",
        ) from error


def write_control(folder: Path, control: Control) -> None:
    """Replace the wishes whole."""
    write_text_atomically(folder / "control.json", control.model_dump_json(indent=1))
