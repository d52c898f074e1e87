"""Everything a resumed run needs, as one safetensors file whose metadata is JSON; nothing is pickled."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from woodshed.base.errors import TrainingFailed
from woodshed.base.files import atomic_path, printable
from woodshed.roles import Trainable
from woodshed.training.averaging import WeightAverages


def save_checkpoint(
    path: Path,
    *,
    model: Trainable,
    averages: WeightAverages,
    optimisers: list[torch.optim.Optimizer],
    facts: dict[str, object],
) -> None:
    """Write model, average, optimisers and facts (step, plan, keys) in one atomic file."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= _average_tensors(averages)
    scalars: dict[str, float] = {}
    for number, optimiser in enumerate(optimisers):
        for index, state in optimiser.state_dict()["state"].items():
            for name, value in state.items():
                key = f"optimiser.{number}.{index}.{name}"
                if isinstance(value, torch.Tensor):
                    tensors[key] = value
                else:
                    scalars[key] = float(value)
    metadata = {"facts": json.dumps(facts), "scalars": json.dumps(scalars)}
    with atomic_path(path) as temporary:
        save_file(
            {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, temporary, metadata
        )


def read_facts(path: Path) -> dict[str, object]:
    """The facts of a checkpoint.

    Raises
    ------
    TrainingFailed
        If the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return json.loads((file.metadata() or {})["facts"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise TrainingFailed(
            f"{printable(path)} is no checkpoint that can be resumed",
            cause="the run stopped before its first checkpoint, or the file is damaged",
            way_out="train with --anew and without --resume",
        ) from error


def load_checkpoint(
    path: Path, *, model: Trainable, averages: WeightAverages, optimisers: list[torch.optim.Optimizer]
) -> None:
    """Put a checkpoint's tensors back where they came from, in place."""
    with safe_open(path, framework="pt") as file:
        names = [name for name in file.keys() if not name.startswith("model.")]  # noqa: SIM118 - not a mapping
        tensors = {name: file.get_tensor(name) for name in names}
        scalars: dict[str, float] = json.loads((file.metadata() or {})["scalars"])
    load_model_only(path, model)
    for name, tensor in _average_tensors(averages).items():
        tensor.copy_(tensors[name])
    for number, optimiser in enumerate(optimisers):
        state = optimiser.state_dict()
        state["state"] = _optimiser_state(f"optimiser.{number}.", tensors, scalars)
        optimiser.load_state_dict(state)


def load_model_only(path: Path, model: Trainable) -> None:
    """Put only the module's own tensors back."""
    with safe_open(path, framework="pt") as file:
        names = [name for name in file.keys() if name.startswith("model.")]  # noqa: SIM118 - not a mapping
        tensors = {name.removeprefix("model."): file.get_tensor(name) for name in names}
    if strange := set(tensors) ^ set(model.state_dict()):
        raise TrainingFailed(
            f"The run cannot go on: {len(strange)} tensors of its checkpoint are missing or unknown here",
            cause="it was begun by another version of Woodshed",
            way_out="train with --anew and without --resume",
        )
    model.load_state_dict(tensors)


def _average_tensors(averages: WeightAverages) -> dict[str, torch.Tensor]:
    return {
        f"average.{length}.{name}": tensor
        for length, tensors in averages.tensors.items()
        for name, tensor in tensors.items()
    }


def _optimiser_state(
    prefix: str, tensors: dict[str, torch.Tensor], scalars: dict[str, float]
) -> dict[int, dict[str, torch.Tensor | float]]:
    found: dict[int, dict[str, torch.Tensor | float]] = {}
    for key, value in [*tensors.items(), *scalars.items()]:
        if key.startswith(prefix):
            index, _, name = key.removeprefix(prefix).partition(".")
            found.setdefault(int(index), {})[name] = value
    return found
