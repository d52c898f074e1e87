"""Modified discrete cosine and sine transforms: as many numbers as frames, and the sound comes back exactly.

With a hop of N frames, piece ``h`` covers the 2N frames from ``(h - 1) * N`` on, under a sine window. The transform is
orthonormal: the energy of the coefficients is the energy of the sound. In the circular form the end of a loop runs
into its beginning, so that any change of coefficients leaves a seamless loop.

References
----------
J. P. Princen, A. W. Johnson and A. B. Bradley, "Subband/Transform Coding Using Filter Bank Designs Based on Time
Domain Aliasing Cancellation", ICASSP 1987, pp. 2161-2164. H. S. Malvar, "Lapped Transforms for Efficient
Transform/Subband Coding", IEEE Trans. ASSP 38 (1990), pp. 969-978 (fast form by folding).
"""

from __future__ import annotations

import numpy as np

from woodshed.base.errors import UsageError
from woodshed.dsp._audio import Audio
from woodshed.dsp._fourier import cosine_four, sine_four
from woodshed.dsp.windows import sine_window


def mdct(x: Audio, *, hop_frames: int, circular: bool = False) -> Audio:
    """Cosine coefficients of a sound.

    Parameters
    ----------
    x
        Audio, shape ``(..., frames)``.
    hop_frames
        N: frames from one piece to the next, and coefficients per piece (even). Coefficient ``k`` sits at
        ``(k + 0.5) * sample_rate_hz / (2 * N)`` Hz.
    circular
        Whether the sound is a loop; its length must then be a multiple of the hop.

    Returns
    -------
    float32, shape ``(..., hops, hop_frames)``, with ``hops = ceil(frames / N) + 1``, or ``frames / N`` if circular.

    Raises
    ------
    UsageError
        If the hop is odd, or a loop is not a whole number of hops.

    Examples
    --------
    >>> x = np.sin(np.arange(1000, dtype=np.float32))
    >>> coefficients = mdct(x, hop_frames=128)
    >>> coefficients.shape
    (9, 128)
    >>> bool(np.abs(imdct(coefficients, frames=1000) - x).max() < 1e-6)
    True
    """
    a, b, c, d = _quarters(x, hop_frames=hop_frames, circular=circular)
    folded = np.concatenate([-c[..., ::-1] - d, a - b[..., ::-1]], axis=-1)
    return cosine_four(folded)


def mdst(x: Audio, *, hop_frames: int, circular: bool = False) -> Audio:
    """Sine coefficients of a sound: the quadrature partner of ``mdct``, with the same shape and arguments.

    Examples
    --------
    >>> x = np.sin(np.arange(1024, dtype=np.float32))
    >>> mdst(x, hop_frames=128, circular=True).shape
    (8, 128)
    """
    a, b, c, d = _quarters(x, hop_frames=hop_frames, circular=circular)
    folded = np.concatenate([c[..., ::-1] - d, a + b[..., ::-1]], axis=-1)
    return sine_four(folded)


def imdct(coefficients: Audio, *, frames: int, circular: bool = False) -> Audio:
    """Sound of cosine coefficients: the exact inverse of ``mdct``.

    Parameters
    ----------
    coefficients
        Shape ``(..., hops, hop_frames)``.
    frames
        Length of the sound, as it went in.
    circular
        As given to ``mdct``.

    Returns
    -------
    Audio, float32, shape ``(..., frames)``.

    Raises
    ------
    UsageError
        If the length does not belong to the number of hops.
    """
    folded = cosine_four(np.asarray(coefficients, dtype=np.float32))
    first, second = np.split(folded, 2, axis=-1)
    quarters = (second, -second[..., ::-1], -first[..., ::-1], -first)
    return _overlapped(quarters, frames=frames, circular=circular)


def imdst(coefficients: Audio, *, frames: int, circular: bool = False) -> Audio:
    """Sound of sine coefficients: the exact inverse of ``mdst``, with the arguments of ``imdct``.

    Examples
    --------
    >>> x = np.sin(np.arange(1024, dtype=np.float32))
    >>> back = imdst(mdst(x, hop_frames=64), frames=1024)
    >>> bool(np.abs(back - x).max() < 1e-6)
    True
    """
    folded = sine_four(np.asarray(coefficients, dtype=np.float32))
    first, second = np.split(folded, 2, axis=-1)
    quarters = (second, second[..., ::-1], first[..., ::-1], -first)
    return _overlapped(quarters, frames=frames, circular=circular)


def mdct_power(x: Audio, *, hop_frames: int, circular: bool = False) -> Audio:
    """Power without the flutter of phase: half of MDCT² + MDST², shape ``(..., hops, hop_frames)``.

    A steady sine gives the same value in every hop, and the sum over all is the energy of the sound.

    Examples
    --------
    >>> power = mdct_power(np.sin(0.3 * np.arange(4096, dtype=np.float32)), hop_frames=256)
    >>> bool(np.ptp(power[4:12].sum(axis=-1)) < 1e-3 * power[8].sum())
    True
    """
    cosine = mdct(x, hop_frames=hop_frames, circular=circular)
    sine = mdst(x, hop_frames=hop_frames, circular=circular)
    return (0.5 * (np.square(cosine) + np.square(sine))).astype(np.float32, copy=False)


def mdct_hop_count(frames: int, *, hop_frames: int, circular: bool = False) -> int:
    """Number of hops of ``mdct`` for a length.

    Raises
    ------
    UsageError
        If the hop is odd, or a loop is not a whole number of hops.

    Examples
    --------
    >>> mdct_hop_count(1000, hop_frames=128), mdct_hop_count(1024, hop_frames=128, circular=True)
    (9, 8)
    """
    if hop_frames < 2 or hop_frames % 2:
        raise UsageError(
            f"A hop of {hop_frames} frames is not possible here",
            cause="the transform folds every hop in two halves",
            way_out="use an even number such as 256",
        )
    if not circular:
        return -(-frames // hop_frames) + 1
    if frames % hop_frames:
        raise UsageError(
            f"A loop of {frames} frames is not a whole number of hops of {hop_frames} frames",
            cause="its end would not meet its beginning",
            way_out=f"use a hop that divides {frames}, or the form that is not circular",
        )
    return frames // hop_frames


def _quarters(x: Audio, *, hop_frames: int, circular: bool) -> tuple[Audio, Audio, Audio, Audio]:
    """The windowed pieces of a sound, each in four quarters of shape ``(..., hops, hop_frames / 2)``."""
    x = np.asarray(x, dtype=np.float32)
    frames = x.shape[-1]
    hops = mdct_hop_count(frames, hop_frames=hop_frames, circular=circular)
    if circular:
        blocks = x.reshape(*x.shape[:-1], hops, hop_frames)
        before = np.roll(blocks, 1, axis=-2)
    else:
        padded = np.zeros((*x.shape[:-1], (hops + 1) * hop_frames), dtype=np.float32)
        padded[..., hop_frames : hop_frames + frames] = x
        padded = padded.reshape(*x.shape[:-1], hops + 1, hop_frames)
        before, blocks = padded[..., :-1, :], padded[..., 1:, :]
    window = sine_window(2 * hop_frames)
    a, b = np.split(before * window[:hop_frames], 2, axis=-1)
    c, d = np.split(blocks * window[hop_frames:], 2, axis=-1)
    return a, b, c, d


def _overlapped(quarters: tuple[Audio, Audio, Audio, Audio], *, frames: int, circular: bool) -> Audio:
    """Window the unfolded pieces and add each second half to the first half of the next piece."""
    hops, half = quarters[0].shape[-2:]
    hop_frames = 2 * half
    if hops != mdct_hop_count(frames, hop_frames=hop_frames, circular=circular):
        raise UsageError(
            f"{hops} hops of {hop_frames} coefficients do not belong to {frames} frames",
            cause="the length or the circular form is not the one the sound went in with",
            way_out="give the same length and form to both directions",
        )
    window = sine_window(2 * hop_frames)
    head = np.concatenate(quarters[:2], axis=-1) * window[:hop_frames]
    tail = np.concatenate(quarters[2:], axis=-1) * window[hop_frames:]
    blocks = tail + np.roll(head, -1, axis=-2) if circular else tail[..., :-1, :] + head[..., 1:, :]
    joined = blocks.reshape(*blocks.shape[:-2], hop_frames * blocks.shape[-2])
    return joined[..., :frames].astype(np.float32, copy=False)
