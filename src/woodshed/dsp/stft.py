"""Short-time Fourier transform and its inverse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from woodshed.base.errors import UsageError
from woodshed.dsp._audio import Audio
from woodshed.dsp._fourier import irfft, rfft
from woodshed.dsp.windows import hann


def stft(x: Audio, *, window_frames: int, hop_frames: int) -> npt.NDArray[np.complex64]:
    """Spectra of Hann-windowed pieces; piece ``h`` is centred on frame ``h * hop_frames``.

    Parameters
    ----------
    x
        Audio, shape ``(..., frames)``; treated as silent before and after.
    window_frames
        Length of a piece (even).
    hop_frames
        Distance between the centres of two pieces.

    Returns
    -------
    Complex spectra, shape ``(..., window_frames // 2 + 1, hops)`` with ``hops = 1 + ceil(frames / hop_frames)``.
    Not scaled: a sine of amplitude 1 on a bin peaks at ``window_frames / 4``.

    Raises
    ------
    UsageError
        If the window is odd or shorter than 2, or the hop is not between 1 and the window.

    Examples
    --------
    >>> spectra = stft(np.ones((2, 1000), dtype=np.float32), window_frames=256, hop_frames=64)
    >>> spectra.shape
    (2, 129, 17)
    """
    return rfft(windowed_pieces(x, window_frames=window_frames, hop_frames=hop_frames)).swapaxes(-1, -2)


def istft(spectra: npt.NDArray[np.complex64], *, frames: int, window_frames: int, hop_frames: int) -> Audio:
    """Sound whose ``stft`` is nearest to the given spectra (least squares); the exact inverse for untouched ones.

    Parameters
    ----------
    spectra
        Shape ``(..., window_frames // 2 + 1, hops)``.
    frames
        Length of the sound to return.
    window_frames, hop_frames
        As given to ``stft``; the hop at most half the window.

    Returns
    -------
    Audio, float32, shape ``(..., frames)``.

    Raises
    ------
    UsageError
        If the sizes do not belong together.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 1000, dtype=np.float32)
    >>> spectra = stft(x, window_frames=256, hop_frames=64)
    >>> bool(np.abs(istft(spectra, frames=1000, window_frames=256, hop_frames=64) - x).max() < 1e-6)
    True
    """
    _check_sizes(window_frames, hop_frames, largest_hop=window_frames // 2)
    hops = hop_count(frames, hop_frames=hop_frames)
    if spectra.shape[-2:] != (window_frames // 2 + 1, hops):
        raise UsageError(
            f"Spectra of the shape {spectra.shape} cannot become {frames} frames",
            cause=f"{window_frames // 2 + 1} bins and {hops} hops belong to that length",
            way_out="give the window, hop and length that stft was called with",
        )
    window = hann(window_frames)
    pieces = irfft(spectra.swapaxes(-1, -2), frames=window_frames) * window
    total = (hops - 1) * hop_frames + window_frames
    sound = np.zeros((*spectra.shape[:-2], total), dtype=np.float32)
    weight = np.zeros(total, dtype=np.float32)
    for hop in range(hops):
        place = slice(hop * hop_frames, hop * hop_frames + window_frames)
        sound[..., place] += pieces[..., hop, :]
        weight[place] += window * window
    kept = slice(window_frames // 2, window_frames // 2 + frames)
    return sound[..., kept] / weight[kept]


def windowed_pieces(x: Audio, *, window_frames: int, hop_frames: int) -> Audio:
    """Hann-windowed pieces of a sound, shape ``(..., hops, window_frames)``, centred as in ``stft``."""
    _check_sizes(window_frames, hop_frames, largest_hop=window_frames)
    x = np.asarray(x, dtype=np.float32)
    hops = hop_count(x.shape[-1], hop_frames=hop_frames)
    half = window_frames // 2
    padded = np.zeros((*x.shape[:-1], (hops - 1) * hop_frames + window_frames), dtype=np.float32)
    padded[..., half : half + x.shape[-1]] = x
    pieces = np.lib.stride_tricks.sliding_window_view(padded, window_frames, axis=-1)[..., ::hop_frames, :]
    return pieces * hann(window_frames)


def hop_count(frames: int, *, hop_frames: int) -> int:
    """Number of hops of ``stft`` for a length: ``1 + ceil(frames / hop_frames)``.

    Examples
    --------
    >>> hop_count(0, hop_frames=64), hop_count(64, hop_frames=64), hop_count(65, hop_frames=64)
    (1, 2, 3)
    """
    return 1 - (-frames // hop_frames)


def _check_sizes(window_frames: int, hop_frames: int, *, largest_hop: int) -> None:
    if window_frames < 2 or window_frames % 2 or not 1 <= hop_frames <= largest_hop:
        raise UsageError(
            f"A window of {window_frames} frames with a hop of {hop_frames} frames is not possible",
            cause=f"the window must be even and the hop between 1 and {largest_hop}",
            way_out="use for example a window of 2048 and a hop of 512",
        )
