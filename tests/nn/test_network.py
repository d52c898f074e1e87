"""Principal components, the transformer's masks, and the copy guard."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from woodshed.nn import (
    Moments,
    PrincipalBasis,
    SteeredTransformer,
    at_speed,
    wave_positions,
)


def test_moments_of_blocks_are_those_of_all() -> None:
    vectors = torch.randn(300, 5, generator=torch.Generator().manual_seed(0)) * torch.arange(1.0, 6) + 2
    moments = Moments(5)
    for block in vectors.split(70):
        moments.add(block)
    torch.testing.assert_close(moments.mean, vectors.double().mean(0))
    torch.testing.assert_close(moments.covariance, torch.cov(vectors.double().T, correction=0))


def test_basis_keeps_what_varies_and_says_how_much() -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(4000, 2, generator=generator) * torch.tensor([10.0, 1.0])
    vectors = hidden @ torch.randn(2, 6, generator=generator) + 3.0
    moments, basis = Moments(6), PrincipalBasis(width=6, dims=2)
    moments.add(vectors)
    basis.fit(moments)
    numbers = basis.squeeze(vectors)
    torch.testing.assert_close(basis.unsqueeze(numbers), vectors, atol=1e-2, rtol=0)
    torch.testing.assert_close(numbers.var(0), basis.variances, rtol=0.02, atol=0)
    assert float(basis.variances.mean()) == pytest.approx(1.0, rel=1e-4)


def awake(net: SteeredTransformer) -> SteeredTransformer:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in net.parameters():
            tensor.add_(torch.randn(tensor.shape, generator=generator) * 0.1)
    return net


def test_what_is_masked_is_neither_heard_nor_made() -> None:
    net = awake(SteeredTransformer(dims=4, width=16, layers=2, heads=2, cond_width=8, most_tokens=12))
    tokens, condition = torch.randn(2, 12, 4), torch.randn(2, 8)
    counts = torch.tensor([7, 12])
    other = tokens.clone()
    other[0, 7:] = 99.0
    with torch.no_grad():
        one, two = net(tokens, condition, counts), net(other, condition, counts)
        short = net(tokens[:1, :7], condition[:1], counts[:1])
    torch.testing.assert_close(one, two)
    assert float(one[0, 7:].abs().max()) == 0.0
    torch.testing.assert_close(short[0], one[0, :7], atol=1e-5, rtol=1e-4)


def test_neighbouring_places_look_alike_and_far_ones_do_not() -> None:
    places = wave_positions(torch.arange(60.0), width=32, longest=240.0)
    near, far = (places[0] @ places[other] for other in (1, 50))
    assert float(near) > float(far)
    assert float(places.square().mean()) == pytest.approx(1.0, rel=1e-4)


def test_speed_moves_pitch_and_length_together() -> None:
    time = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)[None]
    faster = at_speed(tone, semitones=12, sample_rate_hz=44100)
    assert faster.shape == (1, 22050)
    assert int(np.abs(np.fft.rfft(faster[0])).argmax()) * 2 == 880


def test_what_judging_left_in_memory_serves_training_too() -> None:
    network = SteeredTransformer(dims=4, width=24, layers=1, heads=2, cond_width=24, most_tokens=37)
    tokens, condition, counts = torch.randn(2, 37, 4), torch.randn(2, 24), torch.tensor([37, 20])
    with torch.inference_mode():
        network(tokens, condition, counts)
    network(tokens, condition, counts).square().mean().backward()
    assert network.place.weight.grad is not None
