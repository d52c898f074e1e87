"""Guides in Python: flags, a loss of one's own, a recipe to share. Run by the tests; shown in docs/guide.md."""

from pathlib import Path

from torch import Tensor

from woodshed.roles.guides import Brightness, Function
from woodshed.workspace import Workspace


def narrow(audio: Tensor, sample_rate_hz: int) -> Tensor:
    """How wide a stereo sound is: the share of its energy that lies between the channels."""
    del sample_rate_hz  # this loss does not depend on it
    side = audio - audio.mean(1, keepdim=True)
    return side.square().mean((1, 2)) / audio.square().mean((1, 2)).clamp(min=1e-9)


def guiding(workspace: Workspace, folder: Path, *, model: str = "drums", count: int = 4) -> list[Path]:
    """Short bright sounds, saved as a recipe; then the recipe again with a loss of our own on top."""
    recipe = folder / "tight.json"
    first = workspace.guide(
        model, folder=folder / "tight", count=count, brightness=3000.0, decay=80.0, save=str(recipe)
    )

    mine = [Function(function=narrow, name="narrow", lowest=0.0), Brightness(hz=4000, weight=0.5)]
    second = workspace.guide(model, folder=folder / "narrow", count=count, recipe=str(recipe), guides=mine)
    return [one.path for one in (*first, *second)]
