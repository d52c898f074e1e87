from __future__ import annotations

import numpy as np
import torch

from tests.metrics.sounds import tone_hit
from woodshed.metrics import alike
from woodshed.tasks.evaluate.looking import looking_teller, picture_of


def test_pictures_differ_where_sounds_do() -> None:
    one, two = (picture_of(alike(tone_hit(seed), duration_s=1.5)) for seed in (0, 1))
    assert one.shape == two.shape == (40, 128)
    assert np.isfinite(one).all()
    assert np.abs(one - two).max() > 0.1


def test_the_network_sees_a_planted_mark_and_repeats_itself_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(64, 16, 32)).astype(np.float32)
    is_made = np.arange(64) % 2 == 0
    pictures[is_made, 5:8] += 1.5
    scores = []
    for threads in (1, 2):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        scores.append(looking_teller(pictures[:48], is_made=is_made[:48], unseen=pictures[48:], seed=1))
        assert torch.get_num_threads() == threads
        torch.set_num_threads(before)
    assert np.mean((scores[0] > 0) == is_made[48:]) > 0.9
    assert (scores[0] == scores[1]).all()
