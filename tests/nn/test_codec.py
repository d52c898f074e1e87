"""The grid of seconds, the codec's likelihood, the discriminator, and the tables of lengths."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from woodshed.nn import (
    BandDiscriminator,
    Decoded,
    LengthTable,
    SecondsGrid,
    SpectralCodec,
    WaveNetwork,
    deceiving_loss,
    left_and_right,
    mid_and_side,
    released,
)


def grid(rate: int = 44100) -> SecondsGrid:
    return SecondsGrid(sample_rate_hz=rate, bands=24, token_steps=8)


def codec(**sizes: int) -> SpectralCodec:
    wanted = {"steady_bins": 8, "dims": 6, "slice_width": 16, "slice_blocks": 1, "token_width": 16, "token_blocks": 1}
    torch.manual_seed(0)
    return SpectralCodec(sides=1, bands=grid().bands, token_steps=8, **(wanted | sizes))


@pytest.mark.parametrize(("rate", "worst"), [(22050, 1e-5), (44100, 1e-5), (48000, 1e-2), (96000, 1e-2)])
def test_grid_gives_a_low_sound_back_at_every_rate(rate: int, worst: float) -> None:
    time = torch.arange(6001) / rate
    sound = torch.sin(2 * math.pi * 440 * time)[None] * torch.exp(-time * 20)
    back = grid(rate).synthesise(grid(rate).analyse(sound), frames=6001)
    assert float((back - sound).abs().max()) < worst


def test_both_rates_share_one_grid_in_seconds_and_hertz() -> None:
    tones = []
    for rate in (44100, 48000):
        here = grid(rate)
        assert here.hop_frames / rate == pytest.approx(256 / 44100, rel=2e-3)
        sound = torch.sin(2 * math.pi * 3000 * torch.arange(rate // 2) / rate)[None]
        power = here.analyse(sound).abs().square()[0, 4:80].mean(0)
        tones.append(power.argmax().item())
    assert tones[0] == tones[1]


def test_a_steady_partial_moves_slowly_on_the_grid() -> None:
    """In the middle of a bin it does not turn at all from slice to slice."""
    hertz = 20 * 44100 / 512
    spectra = grid().analyse(torch.sin(2 * math.pi * hertz * torch.arange(20000) / 44100)[None])[0, 5:60, 20]
    turned = torch.angle(spectra[1:] / spectra[:-1])
    assert float(turned.abs().max()) < 1e-2


def test_mid_and_side_are_undone() -> None:
    stereo = torch.randn(3, 2, 50, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(left_and_right(mid_and_side(stereo)), stereo)


def test_likelihood_is_best_at_the_true_power_and_better_with_the_true_phase() -> None:
    model, here = codec(), grid()
    noise = here.analyse(torch.randn(1, 1, 256 * 200, generator=torch.Generator().manual_seed(0)))
    silent = torch.zeros_like(noise)
    by_power = [
        float(model.misses(Decoded(silent, torch.full((1, 1, noise.shape[2], 24), power)), noise).mean())
        for power in (0.5, 1.0, 2.0)
    ]
    assert by_power[1] == min(by_power)
    known = float(model.misses(Decoded(noise * 0.9, torch.full((1, 1, noise.shape[2], 24), 0.01)), noise).mean())
    assert known < by_power[1] - 1


def test_decoded_noise_has_the_power_it_was_told() -> None:
    model, here = codec(), grid()
    power = torch.full((1, 1, 400, 24), 0.25)
    white = here.analyse(torch.randn(1, 1, 399 * 256, generator=torch.Generator().manual_seed(0)))
    made = here.synthesise(model.noise_gain(Decoded(torch.zeros_like(white), power)) * white, frames=399 * 256)
    assert float(made.square().mean()) == pytest.approx(0.25, rel=0.05)
    silent = model.noise_gain(Decoded(torch.zeros_like(white), power * 1e-9))
    assert float(silent.max()) < 1e-5


def test_latents_settle_at_mean_0_and_variance_1() -> None:
    model, here = codec(), grid()
    sounds = torch.randn(20, 1, 8000, generator=torch.Generator().manual_seed(0)) * torch.rand(20, 1, 1)
    spectra = here.analyse(sounds)
    for _ in range(5):
        raw = model.raw(spectra)
        model.settle(raw.reshape(-1, raw.shape[-1]))
    latents = model.encode(spectra).reshape(-1, 6).detach()
    assert float(latents.mean(0).abs().max()) < 0.1
    assert float((latents.var(0) - 1).abs().max()) < 0.3


def test_discriminator_does_not_learn_while_it_judges() -> None:
    judge = BandDiscriminator(width=4, hops=(64,))
    made = torch.randn(2, 1, 3000, generator=torch.Generator().manual_seed(0)).requires_grad_()
    deceiving_loss(judge.judged(made)).backward()
    assert made.grad is not None
    assert float(made.grad.abs().sum()) > 0
    assert all(parameter.grad is None for parameter in judge.parameters())


def test_lengths_of_an_unknown_class_are_those_of_all() -> None:
    table = LengthTable(3)
    table.fit([(0, 0.2, 0.5), (0, 0.2, 0.5), (1, 2.0, 0.5)])
    assert table.draw(1, seed=3).length_s == pytest.approx(2.0, rel=1e-4)
    assert table.draw(2, seed=3).length_s == table.draw(3, seed=3).length_s
    assert table.draw(0, seed=3).peak == pytest.approx(0.5, rel=1e-3)


def test_a_loud_end_is_released_and_a_quiet_one_left_alone() -> None:
    time = np.arange(8820) / 44100
    loud = np.sin(2 * np.pi * 200 * time)[None]
    quiet = loud * np.exp(-time * 60)
    out = released(quiet, sample_rate_hz=44100, peak=float(np.abs(quiet).max()))
    assert float(np.abs(out[0, 6000:]).max()) < 1e-3  # nothing is put into the silence
    assert np.corrcoef(out[0], quiet[0])[0, 1] > 0.98
    assert abs(released(loud, sample_rate_hz=44100, peak=0.5)[0, -1]) < 1e-3


def test_wave_network_keeps_the_shape_and_hears_its_condition() -> None:
    torch.manual_seed(0)
    net = WaveNetwork(channels=2, widths=(8, 16), stride=4, attention_levels=1, heads=2, cond_width=8)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    wave, time = torch.randn(1, 2, 64), torch.full((1,), 0.5)
    one, two = (net(wave, time, torch.full((1, 8), value)) for value in (0.0, 1.0))
    assert one.shape == wave.shape
    assert float((one - two).detach().abs().max()) > 1e-4
