"""Steering inside one step: the fine structure stands still, gains follow the tokens, and the gradient is true."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.contract.sounds import CLASSES, RATE
from tests.contract.test_families import ListLenders, fitted
from woodshed.families.generators._band_flow_guiding import Row, Steering, _straight, begun, led
from woodshed.families.generators._band_flow_lending import Decoder, Target
from woodshed.families.generators.band_flow import BandFlow
from woodshed.roles import Guide, NoLenders, Request, Schedule
from woodshed.roles.guide_targets import picture_of
from woodshed.roles.guides import Brightness, Decay, Function, Loudness, Rises, Spectrum, Unlike

FRAMES = 9000
GUIDES = [
    Brightness(hz=3000),
    Decay(ms=60),
    Spectrum(curve=((100.0, 0.0), (8000.0, -30.0))),
    Loudness(points=((0.0, 0.0), (0.2, -40.0))),
    Rises.at([0.0, 0.1]),
]


def steering(channels: int, *, lends: bool) -> tuple[Steering, Tensor, Row]:
    model, sounds = fitted("band-flow", channels=channels)
    flow = cast(BandFlow, model)
    pool = ListLenders(sounds) if lends else NoLenders()
    split = flow.splitter.split(torch.from_numpy(np.array(sounds[1].sound.data))[:, :FRAMES])
    tokens = flow.tokens_of(split)
    row = Row(len(tokens), FRAMES, Request(seed=5, class_name=CLASSES[1]))
    return Steering(Decoder(flow, flow.index(pool), pool), GUIDES), tokens, row


@pytest.mark.parametrize("lends", [True, False], ids=["borrowed", "made"])
@pytest.mark.parametrize("channels", [1, 2])
def test_gradients_hold_with_the_fine_structure_fixed(channels: int, lends: bool) -> None:
    """Along the gradient itself, a small step changes every loss by what the gradient says."""
    steer, tokens, row = steering(channels, lends=lends)
    fine = steer.fixed_fine(tokens, row)

    def loss_at(point: Tensor, guide: Guide) -> Tensor:
        return guide.loss(steer.render_fixed(point, fine)[None], sample_rate_hz=RATE).sum()

    for guide in GUIDES:
        point = tokens.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss_at(point, guide), point)
        along = gradient / gradient.norm().clamp(min=1e-12)
        step = 2e-3
        with torch.no_grad():
            found = (loss_at(tokens + step * along, guide) - loss_at(tokens - step * along, guide)) / (2 * step)
        assert float(found) == pytest.approx(float(gradient.norm()), rel=0.03, abs=2e-4), guide.told()


def test_fixed_fine_structure_sounds_like_what_will_be_made() -> None:
    steer, tokens, row = steering(1, lends=False)
    fine = steer.fixed_fine(tokens, row)
    again = steer.fixed_fine(tokens, row)
    assert torch.equal(fine.unit, again.unit), "the same in every step"
    audio = steer.render_fixed(tokens, fine)
    assert audio.shape == (1, FRAMES)
    assert float(audio.abs().max()) == pytest.approx(0.9, abs=1e-3)
    louder = tokens.clone()
    half = steer.model.splitter
    envelope = steer.model.shape_of(louder, frames=FRAMES).envelope
    rendered = half.split(audio).envelope
    loud = envelope > envelope.max() - 4
    assert float((rendered - rendered.max() - envelope + envelope.max())[loud].abs().mean()) < 1.5


def test_moves_stay_within_what_is_still_open() -> None:
    """At the end of the flow next to nothing is open, so next to nothing moves."""
    steer, tokens, row = steering(1, lends=False)
    flow = steer.model
    clean = torch.zeros(4, flow.padded(row.tokens), tokens.shape[-1])
    clean[0, : row.tokens] = tokens
    wayward = [
        float((steer.over([row])(lambda x, now: x)(clean, now) - clean)[0].square().mean().sqrt())
        for now in (0.1, 0.6, 0.999)
    ]
    assert wayward[2] < 0.02 < min(wayward[:2])


@pytest.mark.parametrize("lends", [True, False], ids=["borrowed", "made"])
def test_guides_hear_the_sound_as_it_will_begin(lends: bool) -> None:
    """Up to the copy guard and the finish, what is heard inside a step is what comes out."""
    steer, tokens, row = steering(2, lends=lends)
    shape = steer.model.shape_of(tokens, frames=FRAMES).uncoursed().uncoloured()
    target = Target(shape, FRAMES, 1.0, row.request.class_name, row.request.seed)
    heard = steer.render_fixed(tokens, steer.fixed_fine(tokens, row))
    meant = steer.model.splitter.join(steer.decoder.heard(target), frames=FRAMES)
    if not lends:
        plain, _, _ = steer.decoder.fine(target, near=steer.decoder.neighbours(target))
        unbegun = steer.model.splitter.join(plain, frames=FRAMES).numpy()
        assert meant.numpy() == pytest.approx(steer.decoder.levelled(unbegun, shape), abs=1e-5)
    share = float((heard * meant).sum() / (heard.norm() * meant.norm()))
    assert share > 0.98


def test_what_is_missed_after_the_flow_is_made_less() -> None:
    """No guide may lose what another gains, and a guide that cannot be content moves nothing."""
    steer, tokens, row = steering(1, lends=False)
    rows = torch.zeros(1, 16, tokens.shape[-1])
    rows[0, : row.tokens] = tokens

    def missed(guide: Guide, point: Tensor) -> float:
        fine = steer.fixed_fine(point[0, : row.tokens], row)
        with torch.no_grad():
            return float(guide.loss(steer.render_fixed(point[0, : row.tokens], fine)[None], sample_rate_hz=RATE))

    guides = [Brightness(hz=3000), Decay(ms=60)]
    for some in ([guides[0]], [guides[1]], guides):
        steer.guides = some
        after = steer.settled(rows, [row])
        assert torch.equal(after[0, row.tokens :], rows[0, row.tokens :])
        for guide in some:
            assert missed(guide, after) <= max(missed(guide, rows), guide.least or 0.0) + 1e-6
        if len(some) == 1:
            assert missed(some[0], after) < missed(some[0], rows)
    steer.guides = [Function(function=lambda audio, rate: audio.square().mean((1, 2)))]
    assert torch.equal(steer.settled(rows, [row]), rows)


def led_away() -> tuple[BandFlow, Row, Unlike, Request]:
    """A guide away from what a request gives, and where it then begins."""
    steer, _, row = steering(1, lends=False)
    (made,) = steer.model.generate([row.request], lenders=NoLenders())
    guide = Unlike(picture=picture_of(made.sound), distance_db=60.0)
    (away,) = begun(steer.model, [row.request], [guide], lenders=NoLenders(), steps=None, guidance=None)
    return steer.model, row, guide, away


def test_what_leads_away_begins_from_the_farthest_of_a_few() -> None:
    model, row, guide, away = led_away()
    lenders = NoLenders()
    assert (away.class_name, away.wishes) == (row.request.class_name, {"roam": 0.0})
    assert away.seed != row.request.seed
    assert begun(model, [row.request], [guide], lenders=lenders, steps=None, guidance=None) == [away]
    (asked,) = begun(
        model, [replace(row.request, wishes={"roam": 2.0})], [guide], lenders=lenders, steps=None, guidance=None
    )
    assert asked.wishes == {"roam": 2.0}
    (own,) = begun(model, [row.request], GUIDES, lenders=lenders, steps=None, guidance=None)
    assert own.seed == row.request.seed


def test_what_leads_away_without_a_pull_is_the_sound_that_was_chosen() -> None:
    model, row, guide, away = led_away()
    lenders = NoLenders()
    (chosen,) = model.generate([away], lenders=lenders)
    (found,) = model.guide([row.request], guides=[guide], lenders=lenders)
    assert np.array_equal(found.sound.data, chosen.sound.data)
    pulled = replace(guide, schedule=Schedule(stop=0.45))
    (moved,) = model.guide([row.request], guides=[pulled], lenders=lenders)
    assert not np.array_equal(moved.sound.data, chosen.sound.data)
    shape = model.shape_of(torch.zeros(3, model.numbers), frames=3 * model.token_frames)
    assert led(shape, [guide]).course is not None, "what does not pull moves no level"
    assert led(shape, [pulled]).course is None


def test_what_says_nothing_of_time_keeps_the_course_and_moves_all_tokens_alike() -> None:
    steer, tokens, row = steering(1, lends=False)
    shape = steer.model.shape_of(tokens, frames=row.frames)
    colourless, timeless = led(shape, [Decay(ms=60), Brightness(hz=3000)]), led(shape, [Brightness(hz=3000)])
    assert colourless.colour is None
    assert timeless.colour is None
    assert colourless.course is None
    assert timeless.course is shape.course
    slope = torch.randn(tokens.shape, generator=torch.Generator().manual_seed(1))
    assert torch.equal(_straight(slope, Decay(ms=60)), slope)
    alike = _straight(slope, Spectrum(curve=((100.0, 0.0), (8000.0, -30.0))))
    assert torch.allclose(alike, slope.mean(0).expand_as(slope))
