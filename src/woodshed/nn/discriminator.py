"""Tells real spectra from decoded ones, band by band: the second opinion that keeps a decoder from blurring."""

from __future__ import annotations

import itertools

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from woodshed.nn.lapped import lapped

_EDGES = (0.0, 0.06, 0.16, 0.4, 1.0)  # of the bins: four bands, each with a network of its own


class BandDiscriminator(nn.Module):
    """Small two-dimensional networks over complex slices at several hops.

    Parameters
    ----------
    width
        Channels of each network.
    hops
        Frames between slices, one set of networks each.

    Examples
    --------
    >>> judge = BandDiscriminator(width=4, hops=(64,))
    >>> len(judge(torch.zeros(2, 1, 2000)))
    4
    """

    def __init__(self, *, width: int, hops: tuple[int, ...] = (128, 512)) -> None:
        super().__init__()
        self.hops = hops
        self.nets = nn.ModuleList(_net(width) for _ in range(len(hops) * (len(_EDGES) - 1)))

    def forward(self, audio: Tensor) -> list[Tensor]:
        """Marks of ``(batch, sides, frames)``, one map per band and hop; high means real."""
        marks, nets = [], iter(self.nets)
        for hop in self.hops:
            spectra = lapped(audio.float(), hop_frames=hop)
            spectra = spectra * (spectra.abs() + 1e-3) ** -0.7  # quiet parts are looked at too
            image = torch.view_as_real(rearrange(spectra, "b c t k -> (b c) t k"))
            image = rearrange(image, "b t k two -> b two t k").contiguous(memory_format=torch.channels_last)
            bounds = [round(edge * (hop + 1)) for edge in _EDGES]
            marks += [next(nets)(image[..., a:b]) for a, b in itertools.pairwise(bounds)]
        return marks

    def judged(self, audio: Tensor) -> list[Tensor]:
        """The same marks, through which only the sound learns and this network does not."""
        still = {name: tensor.detach() for name, tensor in self.named_parameters()}
        return functional_call(self, still, (audio,))


def discriminator_loss(real: list[Tensor], made: list[Tensor]) -> Tensor:
    """Real sounds should be marked above 1, made ones below -1 (hinge)."""
    parts = [functional.relu(1 - a).mean() + functional.relu(1 + b).mean() for a, b in zip(real, made, strict=True)]
    return torch.stack(parts).mean()


def deceiving_loss(made: list[Tensor]) -> Tensor:
    """How far made sounds are from being marked real; 0 once they are."""
    return torch.stack([functional.relu(1 - mark).mean() for mark in made]).mean()


def _net(width: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    inputs = 2
    for stretch in (1, 2, 2):
        outputs = width * stretch
        layers += [nn.Conv2d(inputs, outputs, (3, 7), stride=(1, 2), padding=(1, 3)), nn.LeakyReLU(0.1)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Conv2d(inputs, 1, 3, padding=1))
