"""The same request gives the same sound on one thread and on two, on the processor and on a GPU, within a tolerance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.contract.sounds import CLASSES, examples
from tests.contract.test_families import ListLenders, build, trained
from woodshed.roles import FAMILIES, Generator, Made, Request, family_class

GENERATORS = sorted(name for name in FAMILIES if issubclass(family_class(name), Generator))
MAKES_ON_GPU = ("latent-flow", "wave-unet")  # the others are moved to the processor before they make sounds
THREADS_TOLERANCE_DB = -60.0  # of the difference, under the sound's own level
DEVICE_TOLERANCE_DB = -40.0
REQUESTS = [Request(seed=20 + number, class_name=CLASSES[number % 2]) for number in range(4)]


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def difference_db(one: Made, other: Made) -> float:
    assert one.sound.data.shape == other.sound.data.shape
    assert one.lenders == other.lenders
    level = np.sqrt(np.mean(np.square(one.sound.data, dtype=np.float64)))
    apart = np.sqrt(np.mean(np.square(one.sound.data - other.sound.data, dtype=np.float64)))
    return float(20 * np.log10(max(apart, 1e-12) / max(level, 1e-9)))


@pytest.mark.parametrize("name", GENERATORS)
def test_one_thread_and_two_give_the_same_sound(name: str, tmp_path: Path) -> None:
    model, sounds = trained(name, tmp_path)
    assert isinstance(model, Generator)
    pool = ListLenders(sounds)
    with threads(1):
        alone = model.generate(REQUESTS, lenders=pool)
    with threads(2):
        together = model.generate(REQUESTS, lenders=pool)
    for one, other in zip(alone, together, strict=True):
        assert difference_db(one, other) < THREADS_TOLERANCE_DB


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", MAKES_ON_GPU)
def test_processor_and_gpu_give_the_same_sound(name: str, tmp_path: Path) -> None:
    model, sounds = trained(name, tmp_path)
    assert isinstance(model, Generator)
    full = type(model)(model.config.model_copy(update={"half": False}), model.spec, seed=1)
    full.load_state_dict(model.state_dict())
    pool = ListLenders(sounds)
    here = full.eval().generate(REQUESTS, lenders=pool)
    there = full.to("cuda").generate(REQUESTS, lenders=pool)
    for one, other in zip(here, there, strict=True):
        assert difference_db(one, other) < DEVICE_TOLERANCE_DB


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_processor_and_gpu_find_the_same_losses(name: str) -> None:
    sounds = examples()
    model = build(name)
    model.fit(sounds, seed=1)
    features = model.encode(sounds, seed=1, augment=False)
    batch = features.batch(torch.arange(min(4, len(features))))
    here = model.eval().training_step(batch, seed=3)
    there = model.to("cuda").training_step({key: tensor.to("cuda") for key, tensor in batch.items()}, seed=3)
    for key, loss in here.items():
        assert float(there[key]) == pytest.approx(float(loss), rel=0.05, abs=0.02)  # 16-bit numbers in networks
