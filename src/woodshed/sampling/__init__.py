"""Noise and solvers: seeded noise per request, straight-path flows, guidance."""

from woodshed.sampling.flow import (
    Guess,
    Steer,
    flow_times,
    guided,
    linear_guess,
    logit_normal_times,
    noised,
    solve_flow,
)
from woodshed.sampling.noise import request_noise, seeded_generator
from woodshed.sampling.velocity import circled, solve_circle

__all__ = [
    "Guess",
    "Steer",
    "circled",
    "flow_times",
    "guided",
    "linear_guess",
    "logit_normal_times",
    "noised",
    "request_noise",
    "seeded_generator",
    "solve_circle",
    "solve_flow",
]
