"""SciPy's Fourier and cosine transforms along the last axis, with the types they really have."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import fft

from woodshed.dsp._audio import Audio


def rfft(x: npt.NDArray[np.floating], *, frames: int | None = None) -> npt.NDArray[np.complexfloating]:
    """Spectra of real pieces ``(..., frames)``; complex64 for float32.

    ``frames`` cuts each or fills it up with silence. For a few long pieces this is the fastest there is here; for many
    short ones Torch's is.

    Examples
    --------
    >>> rfft(np.ones((2, 8), dtype=np.float32), frames=16).shape
    (2, 9)
    """
    return cast("npt.NDArray[np.complexfloating]", fft.rfft(x, n=frames, axis=-1))


def irfft(spectra: npt.NDArray[np.complexfloating], *, frames: int) -> npt.NDArray[np.floating]:
    """Real pieces, ``(..., frames)``, of their spectra; float32 for complex64.

    Examples
    --------
    >>> irfft(rfft(np.arange(4.0)), frames=4).round(6).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    return cast("npt.NDArray[np.floating]", fft.irfft(spectra, n=frames, axis=-1))


def cosine_four(x: Audio) -> Audio:
    """Orthonormal discrete cosine transform of type IV: its own inverse."""
    return cast("Audio", fft.dct(x, type=4, norm="ortho", axis=-1))


def sine_four(x: Audio) -> Audio:
    """Orthonormal discrete sine transform of type IV: its own inverse."""
    return cast("Audio", fft.dst(x, type=4, norm="ortho", axis=-1))


def cosine_two(x: Audio) -> Audio:
    """Orthonormal discrete cosine transform of type II, as for cepstra."""
    return cast("Audio", fft.dct(x, type=2, norm="ortho", axis=-1))


def next_fast_length(frames: int) -> int:
    """The next length whose Fourier transform is quick, for real signals of one frame or more.

    Examples
    --------
    >>> next_fast_length(97), next_fast_length(96)
    (100, 96)
    """
    return cast("int", fft.next_fast_len(frames, real=True))
