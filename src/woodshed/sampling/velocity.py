"""Diffusion on a quarter circle, for models that guess the speed along it.

At time 1 there is only noise, at time 0 only the clean thing: ``x = cos(a) * clean + sin(a) * noise`` with
``a = time * pi / 2``; the speed is ``v = cos(a) * noise - sin(a) * clean``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from torch import Tensor

Speed = Callable[[Tensor, float], Tensor]


def circled(clean: Tensor, noise: Tensor, *, time: Tensor) -> tuple[Tensor, Tensor]:
    """The point on the circle and its speed, for times ``(batch,)``.

    References
    ----------
    Salimans and Ho 2022, "Progressive distillation for fast sampling of diffusion models", appendix D.

    Examples
    --------
    >>> import torch
    >>> point, speed = circled(torch.ones(1, 2), torch.zeros(1, 2), time=torch.zeros(1))
    >>> point.tolist(), speed.abs().tolist()
    ([[1.0, 1.0]], [[0.0, 0.0]])
    """
    angle = time.reshape(-1, *([1] * (clean.ndim - 1))) * (math.pi / 2)
    cosine, sine = angle.cos(), angle.sin()
    return cosine * clean + sine * noise, cosine * noise - sine * clean


def solve_circle(speed: Speed, noise: Tensor, *, steps: int) -> Tensor:
    """From noise to the clean thing in even steps along the circle, without fresh noise.

    References
    ----------
    Song et al. 2021, "Denoising diffusion implicit models", eq. 12 with no added noise.

    Examples
    --------
    >>> import torch
    >>> solve_circle(lambda x, t: -torch.ones_like(x) * math.sin(t * math.pi / 2), torch.zeros(3), steps=1).tolist()
    [1.0, 1.0, 1.0]
    """
    x = noise
    for now, then in itertools.pairwise(1.0 - number / steps for number in range(steps + 1)):
        v = speed(x, now)
        here, there = now * math.pi / 2, then * math.pi / 2
        clean = math.cos(here) * x - math.sin(here) * v
        rest = math.sin(here) * x + math.cos(here) * v
        x = math.cos(there) * clean + math.sin(there) * rest
    return x
