"""Straight-path flows: from noise at time 0 to a clean thing at time 1, when a model can guess the clean thing.

The path is ``x_t = t * clean + (1 - t) * noise``; its speed at any point is ``(guess - x_t) / (1 - t)``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

Guess = Callable[[Tensor, float], Tensor]
Steer = Callable[[Guess], Guess]  # makes of a guess one that is pulled somewhere


def flow_times(steps: int, *, start: float = 0.0, bend: float = 1.0) -> list[float]:
    """Times from ``start`` to 1, ``steps + 1`` of them; a bend above 1 puts more of them near the start.

    Examples
    --------
    >>> flow_times(2), flow_times(2, bend=2.0)
    ([0.0, 0.5, 1.0], [0.0, 0.25, 1.0])
    """
    return [start + (1.0 - start) * (number / steps) ** bend for number in range(steps + 1)]


def noised(clean: Tensor, noise: Tensor, *, time: float | Tensor) -> Tensor:
    """The point of the path at a time; a tensor of times has the shape of the leading axes."""
    if isinstance(time, Tensor):
        time = time.reshape(*time.shape, *([1] * (clean.ndim - time.ndim)))
    return time * clean + (1.0 - time) * noise


def solve_flow(guess: Guess, start: Tensor, *, times: list[float], second_order: bool = False) -> Tensor:
    """Follow the flow from the first to the last time.

    Parameters
    ----------
    guess
        Gives the clean thing, from a point and its time.
    start
        The point at ``times[0]``.
    times
        Rising, the last one 1.
    second_order
        Heun's method instead of Euler's: two guesses a step, save for the last.

    References
    ----------
    Lipman et al. 2023, "Flow matching for generative modeling", eq. 20-23; Karras et al. 2022, algorithm 1 (Heun).

    Examples
    --------
    >>> solve_flow(lambda x, t: torch.ones_like(x), torch.zeros(3), times=flow_times(4)).tolist()
    [1.0, 1.0, 1.0]
    """
    x = start
    for now, then in itertools.pairwise(times):
        clean = guess(x, now)
        if then >= 1.0:
            return clean
        speed = (clean - x) / (1.0 - now)
        ahead = x + (then - now) * speed
        if second_order:
            speed_ahead = (guess(ahead, then) - ahead) / (1.0 - then)
            ahead = x + (then - now) * 0.5 * (speed + speed_ahead)
        x = ahead
    return x


def guided(with_class: Tensor, without_class: Tensor, *, strength: float) -> Tensor:
    """Push a guess away from what would be made without the class; strength 1 is the plain guess.

    References
    ----------
    Ho and Salimans 2022, "Classifier-free diffusion guidance", eq. 6.
    """
    return without_class + strength * (with_class - without_class)


def linear_guess(point: Tensor, *, time: Tensor, variances: Tensor) -> tuple[Tensor, Tensor]:
    """The best guess of a clean Gaussian from a noisy point, and how far off it is.

    Parameters
    ----------
    point
        ``(batch, tokens, dims)`` at the times ``time`` (batch,).
    variances
        Of the clean thing, ``(dims,)``; its mean is 0.

    Returns
    -------
    tuple
        Guess, shaped like the point, and its standard error, ``(batch, 1, dims)``. A network that adds
        ``error * output`` to the guess begins where Gaussian statistics end.
    """
    t = time.reshape(-1, 1, 1)
    signal = t**2 * variances
    total = signal + (1 - t) ** 2
    return t * variances / total * point, ((1 - t) ** 2 * variances / total).sqrt()


def logit_normal_times(count: int, *, mean: float, spread: float, generator: torch.Generator) -> Tensor:
    """Random times in (0, 1) crowded around ``sigmoid(mean)``, ``(count,)``."""
    return torch.sigmoid(mean + spread * torch.randn(count, generator=generator))
