"""The quarter circle: its two ends, and a solver on a flow whose end is known."""

from __future__ import annotations

import math

import pytest
import torch

from woodshed.sampling import circled, solve_circle


def test_ends_of_the_circle_are_the_clean_thing_and_the_noise() -> None:
    clean, noise = torch.full((2, 3), 2.0), torch.full((2, 3), 5.0)
    start, _ = circled(clean, noise, time=torch.zeros(2))
    end, _ = circled(clean, noise, time=torch.ones(2))
    torch.testing.assert_close(start, clean)
    torch.testing.assert_close(end, noise)


@pytest.mark.parametrize("steps", [1, 4, 30])
def test_a_perfect_guess_leads_to_the_clean_thing(steps: int) -> None:
    clean, noise = torch.linspace(-1, 1, 5), torch.linspace(2, -3, 5)

    def speed(x: torch.Tensor, now: float) -> torch.Tensor:
        angle = now * math.pi / 2
        return (x * math.cos(angle) - clean) / max(math.sin(angle), 1e-6)

    torch.testing.assert_close(solve_circle(speed, noise, steps=steps), clean, atol=1e-4, rtol=0)
