"""The guard of the band flow: it knows every lender's start, also of those that did not lend."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.contract.sounds import CLASSES, RATE, examples
from tests.contract.test_families import ListLenders
from woodshed.families.generators._band_flow_lending import Decoder, LenderIndex
from woodshed.families.generators.band_flow import BandFlow
from woodshed.roles import DataSpec, NoLenders


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    model, pool = BandFlow(BandFlow.PRESETS["debug"], DataSpec(RATE, 1, CLASSES)), ListLenders(examples())
    return Decoder(model, LenderIndex.read(pool, splitter=model.splitter), pool)


def lent(seed: int) -> list[torch.Tensor]:
    noise = np.random.default_rng(seed).standard_normal((1, 11025)) * np.exp(-np.arange(11025) / 3000)
    return [torch.from_numpy(noise.astype(np.float32))]


@pytest.mark.parametrize("change", ["gain", "polarity", "noise"])
def test_copy_of_a_lender_that_did_not_lend_is_seen(decoder: Decoder, change: str) -> None:
    lender = decoder.pool.read(decoder.pool.content_ids()[0]).data
    rng = np.random.default_rng(1)
    copies = {"gain": 0.1 * lender, "polarity": -lender, "noise": lender + 0.002 * rng.standard_normal(lender.shape)}
    assert decoder._match(copies[change].astype(np.float32), lent(5)) > 0.95


def test_copy_of_what_was_lent_as_it_was_tuned_is_seen(decoder: Decoder) -> None:
    tuned = lent(6)
    assert decoder._match(tuned[0].numpy(), tuned) > 0.99
    assert decoder._match(lent(7)[0].numpy(), tuned) < 0.8


def test_without_lenders_nothing_can_be_copied(decoder: Decoder) -> None:
    assert decoder._match(lent(8)[0].numpy(), []) == 0.0
    empty = LenderIndex.read(NoLenders(), splitter=decoder.splitter)
    assert Decoder(decoder.model, empty, NoLenders())._match(lent(9)[0].numpy(), lent(9)) == 0.0
