"""What the waveform baseline promises beyond the contract of every family."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from tests.contract.sounds import CLASSES, RATE, examples
from woodshed.base.errors import KnobOutOfRange, UsageError
from woodshed.families.generators.wave_unet import Config, WaveUNet
from woodshed.roles import DataSpec, NoLenders, Request


def build(**changes: object) -> WaveUNet:
    model = WaveUNet(WaveUNet.PRESETS["debug"].model_copy(update=changes), DataSpec(RATE, 1, CLASSES), seed=1)
    model.fit(examples(), seed=1)
    return model.eval()


def test_sounds_are_kept_at_one_peak_and_length_within_the_pool() -> None:
    model = build(pool_megabytes=1)
    wave = model.encode(examples(60), seed=1, augment=True).tensors["wave"]
    assert wave.shape[1:] == (1, 16384)
    assert wave.numel() * 2 <= 1e6
    np.testing.assert_allclose(wave.abs().amax((1, 2)).float().numpy(), 0.95, atol=1e-3)


def test_guidance_of_one_needs_one_guess_and_others_differ() -> None:
    model = build()
    for parameter in model.net.parameters():
        if parameter.ndim > 1:
            parameter.data.normal_(std=0.1, generator=None)
    request = Request(seed=1, class_name="tone", duration_s=0.1)
    plain, strong = (model.generate([request], lenders=NoLenders(), guidance=g)[0].sound for g in (1.0, 4.0))
    assert plain.content_id != strong.content_id


def test_levels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError, match="cannot be divided by"):
        Config(crop_frames=1000)
    with pytest.raises(ValidationError, match="at least two levels"):
        Config(widths=(16,))
    with pytest.raises(ValidationError, match="stride must be even"):
        Config(stride=3, crop_frames=3**9)


def test_it_says_how_long_it_can_go_and_that_it_makes_no_loops() -> None:
    model = build()
    assert model.max_duration_s == pytest.approx(16384 / RATE)
    with pytest.raises(KnobOutOfRange, match=r"up to 0\.37"):
        model.generate([Request(seed=1, duration_s=0.5)], lenders=NoLenders())
    with pytest.raises(UsageError, match="wave-unet makes no loops"):
        model.generate([Request(seed=1, bpm=120.0, bars=1)], lenders=NoLenders())
