"""How far apart two sets of feature vectors lie, and how well one covers the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from woodshed.base.errors import UsageError
from woodshed.base.seeds import derive_seed

Matrix = npt.NDArray[np.floating]

_LEAST = 4


@dataclass(frozen=True)
class KernelDistance:
    """The unbiased kernel distance (squared maximum mean discrepancy) times 1000.

    ``p_value`` is the share of permutations that lie as far apart or further; ``low`` and ``high`` end the 95 %
    interval of the Bayesian bootstrap over groups. About 0, and as often below as above, for sets of one origin.
    """

    value: float
    p_value: float
    low: float
    high: float
    bandwidth: float
    count: int
    reference_count: int


def median_bandwidth(reference: npt.ArrayLike) -> float:
    """The median distance between two different vectors of the reference, shape ``(n, dims)``; 1 if all are equal.

    Take it once from the reference set, so that all rows of a table are in the same unit.
    """
    points = _checked(reference)
    distances = cdist(points, points)[np.triu_indices(len(points), 1)]
    return float(np.median(distances)) or float(distances.mean()) or 1.0


def kernel_distance(
    points: npt.ArrayLike,
    reference: npt.ArrayLike,
    *,
    bandwidth: float | None = None,
    groups: Sequence[str] | None = None,
    reference_groups: Sequence[str] | None = None,
    permutations: int = 200,
    bootstraps: int = 200,
    seed: int = 0,
) -> KernelDistance:
    """Unbiased squared maximum mean discrepancy with a Gaussian kernel, times 1000.

    Parameters
    ----------
    points, reference
        Feature vectors, shapes ``(n, dims)`` and ``(m, dims)``, each at least 4.
    bandwidth
        Width of the kernel; the median distance within the reference if None.
    groups, reference_groups
        What the bootstrap draws as a whole; every vector on its own if None.
    permutations, bootstraps
        How many of each; 0 leaves it out (NaN).

    Raises
    ------
    UsageError
        If a set holds fewer than 4 vectors.

    References
    ----------
    A. Gretton et al., "A kernel two-sample test", JMLR 13 (2012), equation 3. D. B. Rubin, "The Bayesian bootstrap",
    Annals of Statistics 9 (1981).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> far = kernel_distance(rng.normal(size=(50, 2)) + 3, rng.normal(size=(60, 2)), permutations=100)
    >>> far.value > 100, far.p_value < 0.02
    (True, True)
    """
    first, second = _checked(points), _checked(reference)
    width = median_bandwidth(second) if bandwidth is None else bandwidth
    both = np.concatenate([first, second])
    kernel = _kernel(both, both, width)
    np.fill_diagonal(kernel, 0.0)
    in_first = np.arange(len(both)) < len(first)
    value = float(_discrepancies(kernel, in_first[:, None])[0])
    numbers, reference_numbers = _numbered(groups, len(first)), _numbered(reference_groups, len(second))
    low, high = _bootstrap(kernel, numbers, reference_numbers, bootstraps, seed)
    p_value = _permuted(kernel, in_first, value, permutations, seed)
    return KernelDistance(1000 * value, p_value, low, high, width, len(first), len(second))


@dataclass(frozen=True)
class KernelGap:
    """By how much one set lies further from a reference than another: a difference of kernel distances, x 1000.

    ``low`` and ``high`` end its 95 % interval if all three sets were drawn anew, ``low_here`` and ``high_here`` if the
    reference stays as it is. Below 0 throughout: the first set is nearer, to whatever the reference stands for in the
    first case, to the reference itself in the second.
    """

    value: float
    low: float
    high: float
    low_here: float
    high_here: float


def kernel_gap(
    points: npt.ArrayLike,
    others: npt.ArrayLike,
    reference: npt.ArrayLike,
    *,
    bandwidth: float | None = None,
    bootstraps: int = 1000,
    seed: int = 0,
) -> KernelGap:
    """Kernel distance of the points less that of the others, with Bayesian bootstraps that weigh the reference once.

    What a small reference leaves open is mostly open for both distances, so these intervals are narrower than theirs.

    Parameters
    ----------
    points, others, reference
        Feature vectors, shapes ``(n, dims)``, ``(m, dims)`` and ``(k, dims)``, each at least 4.
    bandwidth
        Width of the kernel; the median distance within the reference if None.

    Raises
    ------
    UsageError
        If a set holds fewer than 4 vectors.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> near, far, real = rng.normal(size=(80, 2)), rng.normal(size=(80, 2)) + 1, rng.normal(size=(60, 2))
    >>> kernel_gap(near, far, real).high < 0
    True
    """
    first, second, third = _checked(points), _checked(others), _checked(reference)
    width = median_bandwidth(third) if bandwidth is None else bandwidth
    rng = np.random.default_rng(derive_seed(seed, "gap"))
    weights = [rng.exponential(size=(len(one), bootstraps)) for one in (first, second, third)]
    even = np.ones((len(third), 1))

    def drawn(of_reference: Matrix, *sides: Matrix) -> Matrix:
        one, two = (
            _weighted_mean(_kernel(side, side, width), np.arange(len(side)), mine)
            - 2 * _mean_between(_kernel(side, third, width), mine, of_reference)
            for side, mine in zip((first, second), sides, strict=True)
        )
        return 1000 * (one - two)

    value = drawn(even, np.ones((len(first), 1)), np.ones((len(second), 1)))[0]
    ends = [np.percentile(drawn(own, *weights[:2]), [2.5, 97.5]).tolist() for own in (weights[2], even)]
    return KernelGap(float(value), *ends[0], *ends[1])


def _kernel(first: Matrix, second: Matrix, width: float) -> Matrix:
    return np.exp(-cdist(first, second, "sqeuclidean") / (2 * width**2))


def _mean_between(kernel: Matrix, first: Matrix, second: Matrix) -> Matrix:
    """Mean over pairs of one point of each side under weights, shape ``(columns,)``."""
    return np.einsum("pc,pc->c", first, kernel @ second) / (first.sum(axis=0) * second.sum(axis=0))


def _discrepancies(kernel: Matrix, in_first: npt.NDArray[np.bool_]) -> Matrix:
    """The discrepancy of each division, shape ``(points, divisions)``, all of one size; the kernel's diagonal is 0."""
    sides = in_first.astype(kernel.dtype)
    first = int(in_first[:, 0].sum())
    second = len(kernel) - first
    own = np.einsum("pc,pc->c", sides, kernel @ sides)
    to_all = kernel.sum(axis=1) @ sides
    other = kernel.sum() - 2 * to_all + own
    return own / (first * (first - 1)) + other / (second * (second - 1)) - 2 * (to_all - own) / (first * second)


def _permuted(kernel: Matrix, in_first: npt.NDArray[np.bool_], value: float, permutations: int, seed: int) -> float:
    if permutations < 1:
        return float("nan")
    rng = np.random.default_rng(derive_seed(seed, "permutations"))
    drawn = _discrepancies(kernel, np.stack([rng.permutation(in_first) for _ in range(permutations)], axis=1))
    return float((1 + np.sum(drawn >= value - 1e-12)) / (1 + permutations))


def _bootstrap(
    kernel: Matrix,
    groups: npt.NDArray[np.int64],
    reference_groups: npt.NDArray[np.int64],
    bootstraps: int,
    seed: int,
) -> tuple[float, float]:
    if bootstraps < 1:
        return float("nan"), float("nan")
    rng = np.random.default_rng(derive_seed(seed, "bootstraps"))
    first = rng.exponential(size=(groups.max() + 1, bootstraps))[groups]
    second = rng.exponential(size=(reference_groups.max() + 1, bootstraps))[reference_groups]
    count = len(groups)
    between = _mean_between(kernel[:count, count:], first, second)
    own = _weighted_mean(kernel[:count, :count], groups, first) + _weighted_mean(
        kernel[count:, count:], reference_groups, second
    )
    drawn = own - 2 * between
    low, high = np.percentile(1000 * drawn[np.isfinite(drawn)], [2.5, 97.5])
    return float(low), float(high)


def _weighted_mean(kernel: Matrix, groups: npt.NDArray[np.int64], weights: Matrix) -> Matrix:
    """Mean over pairs of different points under group weights, shape ``(columns,)``.

    The mean square of a group's weight is 2, so pairs within a group count half.
    """
    pairs = np.where(groups[:, None] == groups[None], 0.5, 1.0)
    np.fill_diagonal(pairs, 0.0)
    sums = [np.einsum("pc,pc->c", weights, matrix @ weights) for matrix in (kernel * pairs, pairs)]
    return sums[0] / sums[1]


def _numbered(names: Sequence[str] | None, count: int) -> npt.NDArray[np.int64]:
    if names is None:
        return np.arange(count)
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1].reshape(-1)


def frechet_distance(points: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Squared Frechet distance of two Gaussians fitted with shrunk covariances. Not comparable with published FAD.

    Raises
    ------
    UsageError
        If a set holds fewer than 4 vectors.

    References
    ----------
    D. C. Dowson and B. V. Landau, Journal of Multivariate Analysis 12 (1982), p. 450. O. Ledoit and M. Wolf,
    Journal of Multivariate Analysis 88 (2004), pp. 365-411.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> same = rng.normal(size=(500, 2))
    >>> round(frechet_distance(same + [3, 4], same), 6)
    25.0
    """
    first, second = _checked(points), _checked(reference)
    one, two = shrunk_covariance(first), shrunk_covariance(second)
    root = _root(one)
    cross = _root(root @ two @ root)
    apart = float(np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2))
    return max(0.0, apart + float(np.trace(one) + np.trace(two) - 2 * np.trace(cross)))


def shrunk_covariance(points: npt.ArrayLike) -> Matrix:
    """Covariance pulled toward a multiple of the identity, by the amount that Ledoit and Wolf found best.

    Shape ``(dims, dims)``.
    """
    values = _checked(points)
    centred = values - values.mean(axis=0)
    count, dims = centred.shape
    plain = centred.T @ centred / count
    mean = np.trace(plain) / dims
    spread = float(np.sum((plain - mean * np.eye(dims)) ** 2))
    noise = float(np.sum(centred**2, axis=1) @ np.sum(centred**2, axis=1)) / count - float(np.sum(plain**2))
    amount = min(1.0, max(0.0, noise / count / spread)) if spread > 0 else 0.0
    return (1 - amount) * plain + amount * mean * np.eye(dims)


def _root(matrix: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


@dataclass(frozen=True)
class Cover:
    """How two sets overlap, by nearest neighbours at matched counts; each 0 to 1, density may exceed 1.

    ``precision``: share of the points inside the reference. ``recall``: share of the reference inside the points.
    ``density``: how deep inside. ``coverage``: share of the reference that has a point nearer than its neighbours.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    count: int
    neighbours: int


def cover(
    points: npt.ArrayLike, reference: npt.ArrayLike, *, neighbours: int = 5, draws: int = 5, seed: int = 0
) -> Cover:
    """Precision, recall, density and coverage, with both sets drawn down to the smaller count (mean of several draws).

    Parameters
    ----------
    points, reference
        Feature vectors, shapes ``(n, dims)`` and ``(m, dims)``, each more than ``neighbours``.
    neighbours
        How many neighbours make the radius around a vector.

    Raises
    ------
    UsageError
        If a set is too small.

    References
    ----------
    T. Kynkäänniemi et al., NeurIPS 2019, section 2 (precision, recall). M. F. Naeem et al., ICML 2020, equations 3
    and 5 (density, coverage).
    """
    first, second = _checked(points, least=neighbours + 1), _checked(reference, least=neighbours + 1)
    count = min(len(first), len(second))
    rng = np.random.default_rng(derive_seed(seed, "cover"))
    turns = max(1, draws) if len(first) != len(second) else 1
    found = np.zeros(4)
    for _ in range(turns):
        one, two = (side[rng.permutation(len(side))[:count]] for side in (first, second))
        found += _overlap(one, two, neighbours) / turns
    return Cover(*(float(value) for value in found), count=count, neighbours=neighbours)


def _overlap(points: Matrix, reference: Matrix, neighbours: int) -> Matrix:
    radius, reference_radius = (_radius(side, neighbours) for side in (points, reference))
    apart = cdist(points, reference)
    inside = apart <= reference_radius[None]
    return np.array([
        inside.any(axis=1).mean(),
        (apart <= radius[:, None]).any(axis=0).mean(),
        inside.sum() / (neighbours * len(points)),
        (apart.min(axis=0) <= reference_radius).mean(),
    ])  # fmt: skip


def _radius(points: Matrix, neighbours: int) -> Matrix:
    """Distance to the nth other vector, shape ``(n,)``."""
    return np.partition(cdist(points, points), neighbours, axis=1)[:, neighbours]


def _checked(points: npt.ArrayLike, *, least: int = _LEAST) -> Matrix:
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or len(values) < least or not np.isfinite(values).all():
        raise UsageError(
            f"Feature vectors of shape {values.shape} cannot be compared",
            cause=f"fewer than {least} sounds, or values that are not numbers",
            way_out="compare more sounds",
        )
    return values
