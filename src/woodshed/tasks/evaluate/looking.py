"""A judge that looks at log-mel pictures: a small network, trained afresh to tell made sounds from real ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from woodshed.base.seeds import derive_seed
from woodshed.metrics import mel_picture
from woodshed.nn import one_thread
from woodshed.sound import Sound

Floats = npt.NDArray[np.floating]

_WIDTHS = (16, 24, 32)
_BATCH = 48
_MOST_STEPS, _LEAST_STEPS = 240, 30
_PASSES = 15
_RATE = 2e-3
_WEIGHT_DECAY = 0.05
_DROPOUT = 0.3
_MOST_SHIFT_HOPS = 2
_MOST_LEVEL = 0.3


def picture_of(sound: Sound) -> npt.NDArray[np.float32]:
    """The log-mel picture of a sound that was cut and levelled alike, shape ``(40, 128)``, hops of 11.6 ms."""
    picture = mel_picture(sound)
    return picture.reshape(len(picture), -1, 2).mean(axis=-1)


def looking_teller(known: Floats, *, is_made: npt.NDArray[np.bool_], unseen: Floats, seed: int) -> Floats:
    """Train a small network on pictures ``(sounds, bands, hops)``; scores ``(unseen,)``, above 0 means made.

    It runs on one thread, so that the same seed gives the same scores on any number of cores.
    """
    with one_thread():
        pictures = torch.from_numpy(np.ascontiguousarray(known, dtype=np.float32))
        centre, spread = pictures.mean(dim=(0, 2), keepdim=True), pictures.std().clamp(min=1e-3)
        model = _network(pictures.shape[1:], seed=seed)
        _train(model, (pictures - centre) / spread, torch.from_numpy(np.asarray(is_made)), seed=seed)
        shown = torch.from_numpy(np.ascontiguousarray(unseen, dtype=np.float32))
        with torch.inference_mode():
            return model.eval()(((shown - centre) / spread)[:, None])[:, 0].double().numpy()


def _train(model: nn.Module, pictures: Tensor, is_made: Tensor, *, seed: int) -> None:
    """Made and real sounds come equally often; each picture a little louder or quieter, earlier or later."""
    rng = np.random.default_rng(derive_seed(seed, "pictures shown"))
    sides = [torch.nonzero(is_made == side)[:, 0].numpy() for side in (False, True)]
    optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=_WEIGHT_DECAY)
    steps = min(_MOST_STEPS, max(_LEAST_STEPS, round(_PASSES * len(pictures) / _BATCH)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_RATE, total_steps=steps, pct_start=0.1)
    half = _BATCH // 2
    wanted = torch.cat([torch.zeros(half), torch.ones(half)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "dropout") % 2**63)
        for _ in range(steps):
            chosen = torch.from_numpy(np.concatenate([rng.choice(side, half) for side in sides]))
            shown = pictures[chosen] + torch.from_numpy(
                rng.uniform(-_MOST_LEVEL, _MOST_LEVEL, (2 * half, 1, 1)).astype(np.float32)
            )
            shown = torch.roll(shown, int(rng.integers(-_MOST_SHIFT_HOPS, _MOST_SHIFT_HOPS + 1)), dims=2)
            loss = nn.functional.binary_cross_entropy_with_logits(model(shown[:, None])[:, 0], wanted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def _network(shape: torch.Size, *, seed: int) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "looking") % 2**63)
        layers: list[nn.Module] = []
        channels, bands = 1, shape[0]
        for width in _WIDTHS:
            layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.GroupNorm(4, width), nn.GELU()]
            channels, bands = width, -(-bands // 2)
        return nn.Sequential(
            *layers, _OverTime(), nn.Dropout(_DROPOUT), nn.Linear(2 * channels * bands, 32), nn.GELU(), nn.Linear(32, 1)
        )


class _OverTime(nn.Module):
    """Mean and maximum over time, shape ``(batch, 2 * channels * bands)``."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(dim=3), x.amax(dim=3)], dim=1).flatten(1)
