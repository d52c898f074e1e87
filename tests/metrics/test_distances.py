from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from woodshed.base.errors import UsageError
from woodshed.metrics import cover, frechet_distance, kernel_distance, kernel_gap, median_bandwidth, shrunk_covariance


def draw(seed: int, count: int, *, dims: int = 3, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dims)) + shift


def test_kernel_distance_is_the_sum_over_pairs_written_out() -> None:
    first, second = draw(0, 5), draw(1, 6, shift=0.5)
    width = 1.3

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-np.sum((a - b) ** 2) / (2 * width**2)))

    own = np.mean([kernel(a, b) for i, a in enumerate(first) for j, b in enumerate(first) if i != j])
    other = np.mean([kernel(a, b) for i, a in enumerate(second) for j, b in enumerate(second) if i != j])
    between = np.mean([kernel(a, b) for a in first for b in second])
    found = kernel_distance(first, second, bandwidth=width, permutations=0, bootstraps=0)
    assert found.value == pytest.approx(1000 * (own + other - 2 * between), abs=1e-9)


def test_kernel_distance_of_one_origin_is_zero_on_average_and_p_is_even() -> None:
    found = [
        kernel_distance(draw(2 * seed, 30), draw(2 * seed + 1, 30), permutations=60, bootstraps=0, seed=seed)
        for seed in range(80)
    ]
    values = np.array([one.value for one in found])
    p_values = np.array([one.p_value for one in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert (values < 0).any()
    assert abs(np.mean(p_values) - 0.5) < 0.12
    assert 0.0 <= np.mean(p_values < 0.1) < 0.22


def test_kernel_distance_of_two_gaussians_meets_the_closed_form() -> None:
    # E k of unit Gaussians in d dimensions, m apart, width w: (w^2 / (w^2 + 2))^(d/2) exp(-m^2 / (2 (w^2 + 2)))
    dims, shift, width = 2, 1.5, 1.0
    factor = (width**2 / (width**2 + 2)) ** (dims / 2)
    truth = 2000 * factor * (1 - np.exp(-dims * shift**2 / (2 * (width**2 + 2))))
    first, second = draw(5, 800, dims=dims), draw(6, 800, dims=dims, shift=shift)
    found = kernel_distance(first, second, bandwidth=width, permutations=0)
    assert found.value == pytest.approx(truth, rel=0.05)
    assert found.low < truth < found.high


def test_gap_is_the_difference_of_two_distances_and_its_interval_holds_the_truth() -> None:
    near, far, real = draw(5, 300), draw(6, 300, shift=0.4), draw(7, 40)
    width = median_bandwidth(real)
    apart = [kernel_distance(side, real, bandwidth=width, permutations=0) for side in (near, far)]
    gap = kernel_gap(near, far, real, bandwidth=width)
    assert gap.value == pytest.approx(apart[0].value - apart[1].value, abs=1e-9)
    assert gap.low < gap.low_here < gap.value < gap.high_here < gap.high < 0
    assert gap.high - gap.low < sum(one.high - one.low for one in apart)
    same = [
        kernel_gap(draw(2 * seed, 60), draw(2 * seed + 1, 60), draw(seed, 40), seed=seed) for seed in range(100, 140)
    ]
    assert sum(one.low < 0 < one.high for one in same) >= 34


def test_interval_over_groups_is_centred_and_wider_than_over_sounds() -> None:
    rng = np.random.default_rng(3)
    kits = np.repeat(rng.normal(size=(8, 3)), 20, axis=0)
    points = kits + 0.3 * rng.normal(size=kits.shape)
    names = [f"kit {place}" for place in np.repeat(np.arange(8), 20)]
    reference = draw(9, 200)
    by_kit = kernel_distance(points, reference, groups=names, permutations=0)
    by_sound = kernel_distance(points, reference, permutations=0)
    assert by_kit.high - by_kit.low > 2 * (by_sound.high - by_sound.low)
    assert by_kit.low < by_kit.value < by_kit.high


@given(seed=st.integers(0, 1000), shift=st.floats(-2, 2))
@settings(max_examples=20, deadline=None)
def test_kernel_distance_ignores_order_and_shared_shifts(seed: int, shift: float) -> None:
    first, second = draw(seed, 12), draw(seed + 1, 14, shift=0.4)
    plain = kernel_distance(first, second, permutations=0, bootstraps=0).value
    turned = kernel_distance(first[::-1] + shift, second[::-1] + shift, permutations=0, bootstraps=0).value
    assert turned == pytest.approx(plain, abs=1e-6)


def test_same_seed_same_figures() -> None:
    assert kernel_distance(draw(0, 20), draw(1, 20), seed=4) == kernel_distance(draw(0, 20), draw(1, 20), seed=4)


def test_frechet_distance_of_known_gaussians() -> None:
    first, second = draw(0, 20000, dims=2), draw(1, 20000, dims=2) * [2.0, 3.0] + [1.0, -2.0]
    assert frechet_distance(first, second) == pytest.approx(1 + 4 + 1 + 4, rel=0.03)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)


def test_shrunk_covariance_is_plain_with_many_and_round_with_few() -> None:
    many = draw(0, 50000, dims=3) * [1.0, 2.0, 3.0]
    assert np.allclose(np.diag(shrunk_covariance(many)), [1, 4, 9], rtol=0.05)
    few = shrunk_covariance(draw(1, 5, dims=40))
    assert np.linalg.eigvalsh(few).min() > 0.1


def test_cover_of_toy_sets() -> None:
    # Points on a line; with one neighbour the radius around each is 1.
    line = np.arange(8.0)[:, None]
    same = cover(line, line, neighbours=1)
    assert (same.precision, same.recall, same.coverage) == (1.0, 1.0, 1.0)
    away = cover(line + 100, line, neighbours=1)
    assert (away.precision, away.recall, away.density, away.coverage) == (0.0, 0.0, 0.0, 0.0)
    one_place = cover(np.full((8, 1), 3.4), line, neighbours=1)
    assert one_place.precision == 1.0
    assert one_place.recall == 0.0  # all radii are 0
    assert one_place.coverage == pytest.approx(2 / 8)  # only 3 and 4 have a made sound within their radius
    assert one_place.density == pytest.approx(2.0)


def test_cover_matches_the_counts_and_loses_a_missing_mode() -> None:
    both = np.concatenate([draw(0, 100), draw(1, 100, shift=20)])
    half = cover(draw(2, 150), both, seed=1)
    assert half.count == 150
    assert half.coverage == pytest.approx(0.5, abs=0.1)
    assert half.precision > 0.9


def test_median_bandwidth_is_the_median_distance() -> None:
    assert median_bandwidth(np.array([[0.0], [1.0], [3.0], [7.0]])) == 3.5
    assert median_bandwidth(np.zeros((5, 2))) == 1.0


@pytest.mark.parametrize("measure", [kernel_distance, frechet_distance, cover])
def test_too_few_sounds_are_refused(measure) -> None:
    with pytest.raises(UsageError, match="compare more sounds"):
        measure(draw(0, 3), draw(1, 20))
