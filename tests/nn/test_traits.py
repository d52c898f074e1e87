"""Traits: read off a shape, and brought about in it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from woodshed.nn import TRAITS, EnvelopeSplitter, Glide, Partials, Shape, Traits

SPLITTER = EnvelopeSplitter(sample_rate_hz=44100, bands=40, token_steps=8, stereo=True, max_duration_s=2.0)


def decaying(db_per_s: float = 120.0) -> Shape:
    time_s = torch.arange(180.0)[:, None] * 256 / 44100
    level = -db_per_s * time_s * math.log(10) / 10 - torch.linspace(0, 6, 40)[None]
    envelope = torch.log(level.exp() + math.exp(SPLITTER.floor))
    ringing = Partials(torch.tensor([110.0, 200, 300, 400, 500, 600]), Glide(), False, torch.ones(23, 6))
    return Shape(envelope, torch.full((180, 8), -2.0), ringing)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("brightness_hz", 400.0),
        ("brightness_hz", 4000.0),
        ("decay_ms", 60.0),
        ("decay_ms", 400.0),
        ("width", 0.3),
        ("pitch_hz", 52.0),
    ],
)
def test_what_is_wished_for_is_brought_about(name: str, wanted: float) -> None:
    traits = Traits(SPLITTER)
    assert traits.of(traits.fitted(decaying(), {name: wanted}))[name] == pytest.approx(wanted, rel=0.1)


@pytest.mark.parametrize("wanted", [0.0, 0.001, 0.05, 0.4])
def test_a_lean_to_one_channel_brings_no_more_side_than_was_asked_for(wanted: float) -> None:
    for lean in (-3.0, 0.4, 3.9):
        fitted = Traits(SPLITTER).fitted(replace(decaying(), lean=lean), {"width": wanted})
        side = math.tanh(fitted.lean / 4) ** 2
        assert side / (1 + side) <= wanted / 2 + 1e-9
        assert fitted.lean * lean >= 0, "it leans to the same side"
        assert abs(fitted.lean) <= abs(lean)


def test_no_width_means_mono() -> None:
    traits = Traits(SPLITTER)
    assert traits.of(traits.fitted(decaying(), {"width": 0.0}))["width"] == pytest.approx(0.0, abs=1e-6)


def test_nothing_wished_for_changes_nothing() -> None:
    shape = decaying()
    assert Traits(SPLITTER).fitted(shape, {}) is shape


def test_unknown_traits_are_marked_as_unknown() -> None:
    numbers = Traits(SPLITTER).to_numbers({"decay_ms": 120.0})
    assert numbers.shape == (2 * len(TRAITS),)
    assert numbers[1::2].tolist() == [0.0, 1.0, 0.0, 0.0]
