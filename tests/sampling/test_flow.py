"""Solvers against flows whose end is known."""

from __future__ import annotations

import itertools

import pytest
import torch

from woodshed.sampling import (
    flow_times,
    guided,
    linear_guess,
    logit_normal_times,
    noised,
    request_noise,
    seeded_generator,
    solve_flow,
)


def test_path_begins_at_noise_and_ends_clean() -> None:
    clean, noise = torch.ones(3, 2), torch.full((3, 2), 5.0)
    assert torch.equal(noised(clean, noise, time=0.0), noise)
    assert torch.equal(noised(clean, noise, time=1.0), clean)
    assert noised(clean, noise, time=torch.tensor([0.0, 0.5, 1.0]))[:, 0].tolist() == [5.0, 3.0, 1.0]


@pytest.mark.parametrize(("second_order", "tolerance"), [(False, 0.05), (True, 0.02)])
def test_gaussian_noise_becomes_a_gaussian_of_the_right_spread(second_order: bool, tolerance: float) -> None:
    variances = torch.tensor([4.0, 1.0, 0.09])
    start = torch.randn(4000, 1, 3, generator=seeded_generator(0, "start"))

    def guess(x: torch.Tensor, now: float) -> torch.Tensor:
        return linear_guess(x, time=torch.full((len(x),), now), variances=variances)[0]

    end = solve_flow(guess, start, times=flow_times(40), second_order=second_order)
    torch.testing.assert_close(end.std((0, 1)), variances.sqrt(), rtol=tolerance + 0.03, atol=0)


def test_linear_guess_is_as_far_off_as_it_says() -> None:
    generator = seeded_generator(1, "x")
    variances = torch.tensor([2.0, 0.5])
    clean = torch.randn(20000, 1, 2, generator=generator) * variances.sqrt()
    time = torch.full((20000,), 0.4)
    point = noised(clean, torch.randn(clean.shape, generator=generator), time=time)
    guess, error = linear_guess(point, time=time, variances=variances)
    torch.testing.assert_close((guess - clean).std((0, 1)), error[0, 0], rtol=0.03, atol=0)


def test_guidance_of_one_is_the_plain_guess() -> None:
    assert guided(torch.tensor(3.0), torch.tensor(1.0), strength=1.0) == 3.0
    assert guided(torch.tensor(3.0), torch.tensor(1.0), strength=2.0) == 5.0


def test_noise_of_a_request_depends_on_its_seed_alone() -> None:
    many = request_noise([3, 4, 5], shape=(7, 2))
    assert torch.equal(request_noise([5], shape=(7, 2))[0], many[2])
    assert not torch.equal(many[0], many[1])
    assert request_noise([], shape=(7, 2)).shape == (0, 7, 2)


def test_times_rise_to_one_and_crowd_where_asked() -> None:
    times = flow_times(8, start=0.3, bend=1.5)
    assert times[0] == 0.3
    assert times[-1] == pytest.approx(1.0)
    assert all(a < b for a, b in itertools.pairwise(times))
    drawn = logit_normal_times(2000, mean=-0.4, spread=1.0, generator=seeded_generator(0, "t"))
    assert 0.35 < float(drawn.mean()) < 0.46
