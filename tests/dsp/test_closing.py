"""Loops from recordings: the cut where both ends are alike, the fade by band, and the first attack kept."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.base.errors import UsageError
from woodshed.dsp import closed_loop, loop_cut, turned_to_hit

RATE = 22050


def jump(loop: np.ndarray) -> float:
    """The step at the seam over the largest step inside."""
    inside = np.abs(np.diff(loop, axis=1)).max()
    return float(np.abs(loop[:, 0] - loop[:, -1]).max() / inside)


def test_a_steady_tone_is_cut_in_phase_and_keeps_its_level() -> None:
    x = np.sin(np.arange(3 * RATE) / RATE * 2 * np.pi * 110.3)[None]
    cut = loop_cut(x, RATE)
    loop = closed_loop(x, RATE, start_frame=cut.start_frame, frames=cut.frames)
    assert jump(loop) < 1.1
    blocks = np.sqrt(np.mean(np.tile(loop, 2)[0, : 2 * loop.shape[1] // 400 * 400].reshape(-1, 400) ** 2, axis=1))
    assert blocks.min() > 0.9 * blocks.max()


def test_the_beat_of_a_pattern_is_found() -> None:
    rng = np.random.default_rng(1)
    bar = np.zeros(RATE)
    for hit in (0, 6000, 9000, 15000):
        bar[hit : hit + 2000] += rng.normal(size=2000) * np.exp(-np.arange(2000) / 400)
    x = np.tile(bar, 4)[: int(3.4 * RATE)]
    cut = loop_cut(x, RATE, shortest_s=0.5)
    assert min(abs(cut.frames - bars * RATE) for bars in (1, 2, 3)) < 0.02 * RATE


def test_noise_keeps_its_power_through_the_fade() -> None:
    x = np.random.default_rng(0).normal(size=(2, 2 * RATE))
    loop = closed_loop(x, RATE, start_frame=RATE // 2, frames=RATE, fade_s=0.2)
    faded, whole = loop[:, -round(0.2 * RATE) :], loop[:, : RATE // 2]
    assert np.std(faded) == pytest.approx(np.std(whole), rel=0.08)


def test_a_recording_of_just_the_length_loses_its_step_only() -> None:
    x = np.linspace(-0.5, 0.5, RATE)[None]
    loop = closed_loop(x, RATE, start_frame=0, frames=RATE)
    assert jump(loop) < 20
    assert np.abs(loop - x)[:, 200:-200].max() < 1e-6


def test_what_does_not_fit_is_refused() -> None:
    x = np.zeros((1, 100))
    with pytest.raises(UsageError, match="fewer bars"):
        loop_cut(x, RATE, frames=101)
    with pytest.raises(UsageError, match="reaches beyond"):
        closed_loop(x, RATE, start_frame=50, frames=60)


def beat(*, early_frames: int, under: float = 0.0) -> np.ndarray:
    """A second of one hit that begins so many frames before the end, over a steady low tone."""
    rng = np.random.default_rng(5)
    hit = np.zeros((2, RATE))
    hit[:, :4000] = rng.normal(size=(2, 4000)) * np.exp(-np.arange(4000) / 700) * 0.2
    tone = under * np.sin(2 * np.pi * 40 * np.arange(RATE) / RATE)
    return np.roll(hit, -early_frames, axis=1) + tone


@pytest.mark.parametrize("under", [0.0, 0.05])
@pytest.mark.parametrize("early_frames", [2, 60, 200])
def test_a_hit_cut_in_two_begins_the_loop(early_frames: int, under: float) -> None:
    loop = beat(early_frames=early_frames, under=under)
    turned = turned_to_hit(loop, RATE)
    turn = early_frames + round(0.001 * RATE)
    assert any(np.array_equal(turned, np.roll(loop, turn + near, axis=1).astype(np.float32)) for near in range(-9, 10))
    assert np.abs(turned[:, -150:]).max() <= under + 1e-6


@pytest.mark.parametrize("early_frames", [-10, -400, 600, RATE // 2])
def test_a_loop_that_begins_as_it_should_is_not_turned(early_frames: int) -> None:
    loop = beat(early_frames=early_frames, under=0.05)
    assert np.array_equal(turned_to_hit(loop, RATE), loop.astype(np.float32))


def test_where_nothing_is_struck_nothing_is_turned() -> None:
    tone = np.sin(2 * np.pi * 30 * np.arange(RATE) / RATE)[None]
    noise = np.random.default_rng(0).normal(size=(1, RATE))
    for loop in (tone, noise, np.zeros((2, RATE)), np.ones((1, 3)), np.zeros((1, 0))):
        assert np.array_equal(turned_to_hit(loop, RATE), loop.astype(np.float32))
