"""Principal directions of a stream of vectors, found in closed form from one pass."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Moments:
    """Count, mean and covariance of vectors that come in blocks; nothing of the vectors is kept.

    Examples
    --------
    >>> moments = Moments(3)
    >>> moments.add(torch.tensor([[1.0, 0.0, 0.0], [3.0, 0.0, 0.0]]))
    >>> moments.mean.tolist(), round(float(moments.covariance[0, 0]), 3)
    ([2.0, 0.0, 0.0], 1.0)
    """

    def __init__(self, width: int) -> None:
        self.count = 0
        self._sum = torch.zeros(width, dtype=torch.float64)
        self._outer = torch.zeros(width, width, dtype=torch.float64)

    def add(self, vectors: Tensor) -> None:
        """Take a block of shape ``(count, width)``."""
        block = vectors.detach().double()
        self.count += block.shape[0]
        self._sum += block.sum(0)
        self._outer += block.T @ block

    @property
    def mean(self) -> Tensor:
        """Mean vector, ``(width,)``."""
        return self._sum / max(1, self.count)

    @property
    def covariance(self) -> Tensor:
        """Covariance, ``(width, width)``."""
        mean = self.mean
        return self._outer / max(1, self.count) - torch.outer(mean, mean)


class PrincipalBasis(nn.Module):
    """Squeezes vectors into few numbers along their principal directions, and back.

    Each number is divided by the fourth root of its variance: large shapes stay larger than small ones, but less so
    than in the data ("square-root whitening"); then all by one factor, so that the mean variance is one.

    Parameters
    ----------
    width
        Numbers in.
    dims
        Numbers out.
    """

    mean: Tensor
    directions: Tensor
    scales: Tensor
    variances: Tensor

    def __init__(self, *, width: int, dims: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("directions", torch.eye(width)[:, :dims].contiguous())  # (width, dims)
        self.register_buffer("scales", torch.ones(dims))
        self.register_buffer("variances", torch.ones(dims))  # of the numbers out

    def fit(self, moments: Moments) -> None:
        """Set the basis from the moments of a stream."""
        values, vectors = torch.linalg.eigh(moments.covariance)
        dims = self.scales.shape[0]
        values = values.flip(0)[:dims].clamp(min=1e-6)
        vectors = vectors.flip(1)[:, :dims]
        vectors = vectors * torch.sign(vectors.sum(0) + 1e-12)  # a fixed sign, whatever the solver chose
        common = values.sqrt().mean().sqrt()
        self.mean.copy_(moments.mean)
        self.directions.copy_(vectors)
        self.scales.copy_(values**0.25 * common)
        self.variances.copy_(values / (values**0.25 * common) ** 2)

    def straighten(self) -> None:
        """Put the nearest orthonormal directions in the place of these, which may be a mean of two bases."""
        left, _, right = torch.linalg.svd(self.directions.double(), full_matrices=False)
        self.directions.copy_(left @ right)

    def squeeze(self, vectors: Tensor) -> Tensor:
        """``(..., width)`` to ``(..., dims)``."""
        return (vectors - self.mean) @ self.directions / self.scales

    def nearest(self, vectors: Tensor) -> Tensor:
        """The nearest vectors the basis can draw, ``(..., width)``."""
        return self.unsqueeze(self.squeeze(vectors))

    def unsqueeze(self, numbers: Tensor) -> Tensor:
        """``(..., dims)`` to the nearest vectors the basis can draw, ``(..., width)``."""
        return (numbers * self.scales) @ self.directions.T + self.mean
