"""Loops: exact length, no seam, the grid kept, lenders named, and refusals with a way out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.contract.test_families import ListLenders
from woodshed.base.errors import KnobOutOfRange, UsageError
from woodshed.dsp import turned_to_hit
from woodshed.families.generators._loop_flow_grid import Grid, grid_of, groove_of
from woodshed.families.generators._loop_flow_lending import LoopDecoder, LoopIndex, LoopTarget
from woodshed.families.generators.loop_flow import LoopFlow, _turned
from woodshed.kit import make_loop
from woodshed.metrics import grid_fit, seam_of
from woodshed.nn import LoopShape
from woodshed.roles import DataSpec, Example, NoLenders, Request
from woodshed.sound import Sound

RATE = 22050
BPM = (100.0, 128.0, 120.0, 90.0)


@pytest.fixture(scope="module")
def loops() -> list[Example]:
    made = [make_loop(seed=seed, bpm=bpm, bars=1, sample_rate_hz=RATE) for seed, bpm in enumerate(BPM)]
    return [Example(loop.sound, 0, f"loop{n}", bpm=loop.bpm, bars=1) for n, loop in enumerate(made)]


@pytest.fixture(scope="module")
def model(loops: list[Example]) -> LoopFlow:
    preset = LoopFlow.PRESETS["debug"].model_copy(update={"dims": 24, "token_steps": 16, "max_duration_s": 4.0})
    made = LoopFlow(preset, DataSpec(RATE, 1, ("noise",)), seed=1)
    made.fit(loops, seed=1)
    return made.eval()


def asked(model: LoopFlow, request: Request, loops: list[Example] | None = None) -> Sound:
    pool = NoLenders() if loops is None else ListLenders(loops)
    return model.generate([request], lenders=pool)[0].sound


@pytest.mark.parametrize(("bpm", "bars"), [(120.0, 1), (97.3, 1), (173.21, 2), (240.0, 3)])
def test_length_is_exact_for_a_tempo_and_bars(model: LoopFlow, bpm: float, bars: int) -> None:
    made = model.generate([Request(seed=1, bpm=bpm, bars=bars)], lenders=NoLenders())[0]
    assert made.sound.frames == round(bars * 240.0 / bpm * RATE)
    assert (made.bpm, made.beats) == (bpm, 4 * bars)


def test_a_length_asked_for_is_exact_and_bars_then_set_the_tempo(model: LoopFlow) -> None:
    made = model.generate([Request(seed=1, duration_s=1.2345, bars=1)], lenders=NoLenders())[0]
    assert made.sound.frames == round(1.2345 * RATE)
    assert made.beats == 4
    assert made.bpm == pytest.approx(4 * 60 / 1.2345, rel=1e-3)
    to_beats = asked(model, Request(seed=1, duration_s=1.3, bpm=120.0))
    assert to_beats.frames == round(1.5 * RATE)


def test_made_loops_close(model: LoopFlow, loops: list[Example]) -> None:
    """The jump at the seam is like any other place's; torn at another length, it would stand out."""
    seams = [
        seam_of(asked(model, Request(seed=seed, bpm=120.0, bars=1), lent), sixteenths=16).jump_percentile
        for lent in (loops, None)
        for seed in range(6)
    ]
    assert np.median(seams) < 95


def test_no_made_loop_begins_in_the_middle_of_its_first_hit(model: LoopFlow, loops: list[Example]) -> None:
    for lent in (loops, None):
        for seed in range(6):
            made = asked(model, Request(seed=seed, bpm=120.0, bars=1), lent)
            assert np.array_equal(turned_to_hit(made.data, RATE), made.data)


def test_hits_lie_on_the_grid(model: LoopFlow, loops: list[Example]) -> None:
    made = asked(model, Request(seed=3, bpm=110.0, bars=1), loops)
    fit = grid_fit(made, sixteenths=16)
    assert fit.onsets >= 4
    assert abs(fit.tempo_ratio - 1) < 0.005


def test_how_late_and_how_tight_hits_lie_is_heard(loops: list[Example]) -> None:
    sound = loops[2].sound
    groove = groove_of(sound, tokens=16)
    later = groove_of(Sound(np.roll(sound.data, 400, axis=1), RATE), tokens=16)
    assert later.late_frames - groove.late_frames == pytest.approx(400, abs=0.002 * RATE)
    assert later.tightness == pytest.approx(groove.tightness, abs=0.05)
    hits = np.zeros((2, 2 * RATE), dtype=np.float32)
    places = np.arange(16) * RATE // 8
    anywhere = np.random.default_rng(0).permutation(64)[:16] * RATE // 32
    for row, starts in zip(hits, (places, anywhere), strict=True):
        for start in starts:
            row[start : start + 500] += np.exp(-np.arange(500) / 80) * np.sin(np.arange(500) * 0.6)
    tight, loose = (groove_of(Sound(row[None], RATE), tokens=16).tightness for row in hits)
    assert tight > 0.98
    assert loose < 0.6
    assert groove_of(Sound(np.full((1, RATE), 0.1, np.float32), RATE), tokens=8).tightness == 1.0


def test_what_is_learned_is_turned_onto_the_grid_and_varied_where_it_was(model: LoopFlow, loops: list[Example]) -> None:
    """A loop cut late teaches the same ring; a variation of it stays as late as it was."""
    example = loops[2]
    late = Sound(np.roll(example.sound.data, 300, axis=1), RATE)
    on_time, turned = model._heard(example), model._heard(replace(example, sound=late))
    assert on_time is not None
    assert turned is not None
    shapes = [model.splitter.split(audio, tokens=tokens).shape.envelope for audio, tokens, _ in (on_time, turned)]
    assert float((shapes[0] - shapes[1]).abs().mean()) < 0.5
    made = model.vary(late, amount=0.02, seed=1, lenders=NoLenders()).sound
    assert float(np.corrcoef(made.data[0], late.data[0])[0, 1]) > 0.9


def test_of_two_lenders_alike_the_one_whose_hits_lie_tightly_is_nearer() -> None:
    same = torch.ones(16, 4)
    index = LoopIndex(
        ("loose", "tight"), (None, None), (same, same), (Grid(100, 16),) * 2, (0, 0), (0.6, 1.0), (0.1, 0.1)
    )
    near = index.nearest(same + 1.0, token_s=0.1, class_name=None, bands=slice(0, 4))
    assert [place.number for place in near] == [1, 0]


def test_gains_of_a_hit_are_not_smoothed(model: LoopFlow, loops: list[Example]) -> None:
    """A kick on the fifth sixteenth of sixteen; the lender is as loud throughout."""
    steps, bands = 16 * model.splitter.token_steps, model.splitter.band_count
    envelope = torch.full((steps, bands), -8.0)
    hit = 4 * model.splitter.token_steps
    envelope[hit:] = 0.0
    shape = LoopShape(envelope, torch.zeros(16, 1), torch.zeros(16, 1))
    target = LoopTarget(shape, frames=2 * RATE, peak=0.5, class_name=None, seed=1)
    decoder = LoopDecoder(model, LoopIndex((), (), (), (), (), (), ()), ListLenders(loops))
    gains = decoder._steadied(envelope / 2, target)
    assert torch.equal(gains[hit - 2 : hit + 2], envelope[hit - 2 : hit + 2] / 2)
    slow = replace(target, shape=replace(shape, envelope=torch.linspace(-8.0, 0.0, steps)[:, None].expand(-1, bands)))
    assert not torch.equal(decoder._steadied(envelope / 2, slow)[hit - 2 : hit + 2, 0], gains[hit - 2 : hit + 2, 0])


def test_lenders_are_named_and_none_without(model: LoopFlow, loops: list[Example]) -> None:
    request = Request(seed=5, bpm=100.0, bars=1)
    lent = model.generate([request], lenders=ListLenders(loops))[0]
    assert 1 <= len(lent.lenders) <= 2
    assert not model.generate([request], lenders=NoLenders())[0].lenders


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (Request(seed=0, bpm=60.0, bars=4), KnobOutOfRange, "fewer bars"),
        (Request(seed=0, bpm=60.0, bars=1, duration_s=2.0), UsageError, "leave one of the three out"),
        (Request(seed=0, wishes={"brightness_hz": 100.0}), UsageError, "loop-flow model does not follow --brightness"),
        (Request(seed=0, wishes={"roam": 1.0}), UsageError, "does not follow --roam.*leave out --roam"),
        (Request(seed=0, bars=64, duration_s=0.05), KnobOutOfRange, "64 bars in 0.05 s are 307200 bpm"),
        (Request(seed=0, bars=65), KnobOutOfRange, "65 bars cannot be made"),
        (Request(seed=0, bars=16, duration_s=0.03), KnobOutOfRange, "16 bars in 0.03 s are 128000 bpm.*fewer bars"),
    ],
)
def test_what_cannot_be_is_said(model: LoopFlow, request_: Request, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        model.generate([request_], lenders=NoLenders())


def test_rings_are_turned_by_whole_bars_or_beats() -> None:
    tokens = torch.arange(48.0)[None, :, None].repeat(64, 1, 1)
    counts = torch.full((64,), 32)
    turned, off_bar = _turned(tokens, counts, torch.Generator().manual_seed(0))
    first = turned[:, 0, 0].long()
    assert bool((first % 4 == 0).all())
    assert bool((first[off_bar == 0] % 16 == 0).all())
    assert bool(((turned[:, 1:32, 0] - turned[:, :31, 0]) % 32 == 1).all())
    assert torch.equal(turned[:, 32:], tokens[:, 32:])


def test_a_grid_is_taken_from_the_tempo_measured_or_supposed(loops: list[Example]) -> None:
    sound = loops[1].sound
    assert grid_of(sound, bpm=BPM[1], most_s=12.0).tokens == 16
    longer = Sound(np.tile(sound.data, (1, 3))[:, : int(2.6 * sound.frames)], RATE)
    cut = grid_of(longer, bpm=BPM[1], most_s=12.0)
    assert cut.tokens == 32
    assert abs(cut.frames - 2 * sound.frames) <= 1
    assert grid_of(longer, bpm=BPM[1], most_s=2.0).tokens == 16
    hum = Sound(np.sin(np.arange(RATE) * 0.01)[None].astype(np.float32), RATE)
    assert grid_of(hum, bpm=None, most_s=12.0).frames == RATE
