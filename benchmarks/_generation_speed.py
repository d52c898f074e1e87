"""Speed on one core, fewer steps, and the same sound from any number of threads."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Iterator

import numpy as np
import torch

from benchmarks._generation_stages import Stage, made_by, requests_for
from benchmarks._report import Check, at_most, progress
from woodshed.sound import Sound

TOGETHER = 64
ALONE = 20
FEW_STEPS = 2  # one-shots of full quality take three
TOLERANCE_DB = -60.0


def speed_checks(stage: Stage) -> list[Check]:
    """Processor seconds of one thread, for many sounds at once and for one alone; the cost of few steps."""
    requests = requests_for(stage.asked, seed=stage.order.seed + 1)[:: max(1, len(stage.asked) // TOGETHER)]
    lenders = stage.lenders()
    with threads(1):
        made_by(stage.model, requests[:4], lenders=lenders)  # what is set up once is not counted
        began = time.process_time()
        sounds = made_by(stage.model, requests, lenders=lenders)
        seconds = time.process_time() - began
        alone = []
        for request in requests[:ALONE]:
            began = time.process_time()
            made_by(stage.model, [request], lenders=lenders)
            alone.append(1000 * (time.process_time() - began))
    audio_s = sum(sound.duration_s for sound in sounds.sounds)
    channels = sounds.sounds[0].channels
    return [
        at_most(
            f"speed: seconds of one core per second of audio, {channels} channels, full quality (n {len(sounds)}, "
            f"{audio_s:.0f} s of audio)",
            seconds / audio_s,
            0.05,
        ),
        at_most(
            f"speed: one-shot alone, milliseconds of one core (median of {len(alone)})", statistics.median(alone), 60
        ),
        few_steps_check(stage),
    ]


def few_steps_check(stage: Stage) -> Check:
    """Kernel distance at two steps over that at full quality."""
    full = stage.made()
    few = stage.made(f"steps-{FEW_STEPS}", steps=FEW_STEPS)
    kernels = [stage.yardstick.kernels(stage.side(one, name="steps")) for one in (full, few)]
    more = {space: kernels[1][space].value - kernels[0][space].value for space in kernels[0]}
    progress(f"{FEW_STEPS} steps: kernel distance more by {more}")
    return at_most(
        f"speed: kernel distance at {FEW_STEPS} steps over full quality, worse space (n {len(few)})",
        max(more.values()),
        1.0,
    )


def threads_checks(stage: Stage) -> list[Check]:
    """The same requests on one thread and on more; a processor without a second core shows what its threads do."""
    requests = requests_for(stage.asked, seed=stage.order.seed + 2)[:: max(1, len(stage.asked) // 16)]
    lenders = stage.lenders()
    made = {}
    counts = sorted({1, 2, min(4, max(2, os.cpu_count() or 2))})
    for count in counts:
        with threads(count):
            made[count] = made_by(stage.model, requests, lenders=lenders).sounds
    worst = max(difference_db(one, two) for count in counts[1:] for one, two in zip(made[1], made[count], strict=True))
    names = ", ".join(str(count) for count in counts)
    gpu = "no GPU here" if not torch.cuda.is_available() else "GPU not compared"
    return [
        at_most(
            f"same sound on {names} threads: largest difference in dB of the peak (n {len(requests)}; {gpu})",
            worst,
            TOLERANCE_DB,
        )
    ]


def difference_db(one: Sound, two: Sound) -> float:
    """Largest difference of two sounds in dB of the peak of the first; 0 where their lengths differ."""
    if one.data.shape != two.data.shape:
        return 0.0
    apart = float(np.max(np.abs(one.data - two.data), initial=0.0))
    return 20 * float(np.log10(max(apart / max(one.peak, 1e-9), 1e-9)))


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
