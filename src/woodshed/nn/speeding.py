"""What makes a GPU fast and leaves a CPU as it is: numbers of 16 bits inside networks, compiled networks."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator

import torch
from torch import nn


def half_width(device: torch.device, *, wanted: bool = True) -> contextlib.AbstractContextManager[object]:
    """Inside, matrix products run in bfloat16 where a GPU can; everywhere else nothing changes.

    Spectra are taken outside of it: they need their full width.

    Examples
    --------
    >>> with half_width(torch.device("cpu")):
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.float32
    """
    if wanted and device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def compile_for_gpu(*modules: nn.Module, device: torch.device) -> None:
    """Compile modules in place, once, on a GPU whose compiler is installed; their names and weights stay."""
    if device.type != "cuda" or importlib.util.find_spec("triton") is None:
        return
    for module in modules:
        if getattr(module, "_compiled_call_impl", None) is None:
            module.compile(dynamic=True)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch works on one thread: fewer waits, so more work per second of processor time.

    Examples
    --------
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
