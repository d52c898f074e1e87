"""Where a made loop begins: at the calmest place within half a millisecond, and nowhere else without need."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.families.generators._loop_flow_grid import calmly_seamed, well_begun
from woodshed.metrics import seam_of
from woodshed.sound import Sound

RATE = 44100


def test_a_loop_that_is_calm_at_its_seam_stays_where_it_is() -> None:
    data = np.zeros((2, RATE), np.float32)
    data[:, 1000:2000] = np.random.default_rng(0).standard_normal((2, 1000)) * 0.1
    loop = Sound(data, RATE)
    assert calmly_seamed(loop) is loop


def test_a_click_at_the_seam_is_moved_off_it_in_both_channels_and_nothing_is_lost() -> None:
    time = np.arange(RATE) / RATE
    data = 0.2 * np.stack([np.sin(2 * np.pi * 50 * time), np.cos(2 * np.pi * 50 * time)])
    data[0, :3] += 0.5, -0.5, 0.3
    loop = Sound(data.astype(np.float32), RATE)
    calm = calmly_seamed(loop)
    assert seam_of(calm).jump_percentile <= 95 < seam_of(loop).jump_percentile
    assert any(np.array_equal(np.roll(loop.data, turn, axis=-1), calm.data) for turn in range(-22, 23))


@pytest.mark.parametrize("frames", [1, 2, 3, 50])
def test_the_shortest_loops_pass(frames: int) -> None:
    loop = Sound(np.linspace(-0.5, 0.5, frames, dtype=np.float32)[None], RATE)
    assert calmly_seamed(loop).frames == frames


@pytest.mark.parametrize("early_ms", [-0.5, 0.5, 3.0, 9.0])
def test_a_first_hit_cut_in_two_begins_the_loop(early_ms: float) -> None:
    time = np.arange(RATE // 4) / RATE
    hit = 0.5 * np.random.default_rng(1).standard_normal(len(time)) * np.exp(-time / 0.03)
    data = np.zeros((2, RATE), np.float32)
    data[:, : len(hit)] = hit
    begun = well_begun(Sound(np.roll(data, -round(early_ms * RATE / 1000), axis=1), RATE))
    assert begun.frames == RATE
    start = int(np.argmax(np.abs(begun.data).max(0) > 0.05))
    assert 0.0004 * RATE <= start <= 0.0016 * RATE
    assert float(np.abs(begun.data[:, -RATE // 100 :]).max()) < 0.01
