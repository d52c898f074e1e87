"""Where a made loop begins: at the calmest place within half a millisecond, and nowhere else without need."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.families.generators._loop_flow_grid import calmly_seamed
from woodshed.sound import Sound

RATE = 44100


def jump(loop: Sound) -> float:
    return float(np.abs(loop.data[:, 0] - loop.data[:, -1]).max())


def test_a_loop_of_silence_at_its_seam_stays_where_it_is() -> None:
    data = np.zeros((2, RATE), np.float32)
    data[:, 1000:2000] = np.random.default_rng(0).standard_normal((2, 1000)) * 0.1
    loop = Sound(data, RATE)
    assert np.array_equal(calmly_seamed(loop).data, loop.data)


def test_both_channels_are_turned_together_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(1)
    loop = Sound((rng.standard_normal((2, RATE)) * 0.1).astype(np.float32), RATE)
    calm = calmly_seamed(loop)
    assert jump(calm) < 0.7 * jump(loop)
    turned = next(turn for turn in range(-22, 23) if np.array_equal(np.roll(loop.data, turn, axis=-1), calm.data))
    assert turned != 0


@pytest.mark.parametrize("frames", [1, 2, 3, 50])
def test_the_shortest_loops_pass(frames: int) -> None:
    loop = Sound(np.linspace(-0.5, 0.5, frames, dtype=np.float32)[None], RATE)
    assert calmly_seamed(loop).frames == frames
