"""The whole path in Python: a folder of sounds, a model, new sounds. Run by the tests; shown in docs/python.md."""

from pathlib import Path

from woodshed.kit import make_kit
from woodshed.workspace import TrainingOrder, Workspace


def first_path(folder: Path, *, budget: str = "3m", preset: str = "laptop") -> list[Path]:
    """Make a kit, take it into a library, train on it, generate; returns the new files."""
    make_kit(folder / "kit", seed=1, count_per_class=6, loops=0)

    workspace = Workspace(folder / "workspace")
    workspace.library.add(folder / "kit", owner="Woodshed", licence="CC0-1.0")

    report = workspace.train(TrainingOrder(name="drums", query="class:kick,snare", budget=budget, preset=preset))
    print(report.verdict)

    made = workspace.generate("drums", folder=folder / "made", count=4, **{"class": "snare"})
    for one in made:
        print(one.path.name, one.sound, one.receipt.seed)

    varied = workspace.vary("drums", made[0].path, folder=folder / "made", amount=0.3, count=2)
    return [one.path for one in (*made, *varied)]
