"""What the latent flow promises beyond the contract of every family."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.contract.sounds import CLASSES, RATE, examples, made_sound
from woodshed.base.errors import KnobOutOfRange, UsageError
from woodshed.families.generators._latent_flow_learning import EndingPlan
from woodshed.families.generators._latent_flow_pool import window_starts
from woodshed.families.generators.latent_flow import LatentFlow
from woodshed.roles import DataSpec, Example, NoLenders, Request
from woodshed.sound import Sound


def build(*, channels: int = 1, rate: int = RATE, **changes: object) -> LatentFlow:
    config = LatentFlow.PRESETS["debug"].model_copy(update=changes)
    model = LatentFlow(config, DataSpec(rate, channels, CLASSES), seed=1)
    model.fit(examples(channels=channels, rate=rate), seed=1)
    return model.eval()


@pytest.fixture(scope="module")
def model() -> LatentFlow:
    return build()


@pytest.mark.parametrize("seconds", [0.05, 0.49, 3.0, 12.0])
def test_lengths_to_twelve_seconds_are_made_exactly(model: LatentFlow, seconds: float) -> None:
    request = Request(seed=1, class_name="noise", duration_s=seconds)
    made = model.generate([request], lenders=NoLenders())[0]
    assert made.sound.frames == round(seconds * RATE)
    assert made.lenders == ()


def test_windows_cover_a_long_sound_and_overlap() -> None:
    for total in (1, 7, 8, 9, 31, 100):
        starts = window_starts(total, window=8)
        seen = {place for start in starts for place in range(start, min(start + 8, total))}
        assert seen == set(range(total))
        assert starts == sorted(set(starts))


def test_memory_stays_within_the_pool() -> None:
    model = build(pool_megabytes=1)
    many = examples(60)
    features = model.encode(many, seed=1, augment=True)
    held = sum(tensor.numel() * tensor.element_size() for tensor in features.tensors.values())
    assert 0.5e6 < held < 1.1e6
    assert set(features.tensors["classes"].tolist()) == {0, 1}


def test_a_long_sound_is_learned_from_in_windows(model: LatentFlow) -> None:
    tone = made_sound(class_index=1, seed=1)
    long = Example(Sound(np.tile(tone.data, (1, 12)), RATE), 1, "long")
    tensors = model.encode([long], seed=1, augment=False).tensors
    assert len(tensors["first"]) > 1
    assert bool((tensors["first"] + tensors["counts"] <= tensors["totals"]).all())


def test_the_encoder_settles_and_the_rest_learns_on() -> None:
    plan = EndingPlan(torch.optim.SGD([torch.zeros(1)], lr=1.0), rise=1, fall=0.5, end=0.5)
    assert [plan.factor(step, 100) for step in (10, 49, 50, 99)] == pytest.approx([1.0, 0.04, 0.0, 0.0])


def test_the_flow_teaches_the_codec_nothing(model: LatentFlow) -> None:
    features = model.encode(examples(), seed=1, augment=False)
    torch.nn.init.normal_(model.net.go_out.weight, std=0.1)
    model.training_step(features.batch(torch.arange(4)), seed=1)["flow"].backward()
    assert all(parameter.grad is None for parameter in model.codec.parameters())
    assert any(parameter.grad is not None for parameter in model.net.parameters())
    model.zero_grad()


def test_statistics_settle_only_while_training() -> None:
    model = build()
    batch = model.encode(examples(), seed=1, augment=False).batch(torch.arange(4))
    model.training_step(batch, seed=1)
    assert float(model.codec.heard) == 0
    model.train().training_step(batch, seed=1)
    assert float(model.codec.heard) == 1


def test_with_a_discriminator_there_are_three_optimisers_and_four_more_losses() -> None:
    model = build(adversarial_weight=0.1, judge_width=4)
    batch = model.encode(examples(), seed=1, augment=False).batch(torch.arange(4))
    losses = model.training_step(batch, seed=1)
    assert set(losses) == {"codec", "texture", "deceive", "judge", "flow"}
    assert len(model.optimisers()) == 3
    torch.stack(list(losses.values())).sum().backward()
    assert model.judge is not None
    assert all(parameter.grad is not None for parameter in model.judge.parameters())


def test_small_amounts_change_less_than_large_ones(model: LatentFlow) -> None:
    source = made_sound(class_index=0, seed=9)
    apart = []
    for amount in (0.02, 0.3, 1.0):
        made = model.vary(source, amount=amount, seed=1, lenders=NoLenders()).sound
        apart.append(float(np.sqrt(np.mean((made.data - source.data) ** 2))))
    assert apart == sorted(apart)
    assert apart[0] < 0.35 * float(np.sqrt(np.mean(source.data**2)))


@pytest.mark.parametrize(("sound_channels", "model_channels"), [(1, 2), (2, 1), (4, 2), (3, 1)])
def test_sounds_of_other_channel_counts_keep_theirs(sound_channels: int, model_channels: int) -> None:
    model = build(channels=model_channels)
    source = made_sound(class_index=0, seed=2, channels=sound_channels)
    made = model.vary(source, amount=0.4, seed=1, lenders=NoLenders()).sound
    assert made.data.shape == source.data.shape
    blended = model.blend(source, source, position=0.5, seed=1, lenders=NoLenders()).sound
    assert blended.data.shape == source.data.shape


def test_weights_fit_both_usual_rates() -> None:
    one, other = build(), build(rate=48000)
    other.load_state_dict(one.state_dict())
    made = other.generate([Request(seed=1, class_name="tone", duration_s=0.3)], lenders=NoLenders())[0]
    assert made.sound.frames == 14400


def test_what_it_cannot_follow_is_said(model: LatentFlow) -> None:
    with pytest.raises(UsageError, match="latent-flow model does not follow --pitch"):
        model.generate([Request(seed=1, wishes={"pitch_hz": 50.0})], lenders=NoLenders())
    with pytest.raises(UsageError, match="latent-flow makes no loops"):
        model.generate([Request(seed=1, bpm=120.0, bars=2)], lenders=NoLenders())
    with pytest.raises(KnobOutOfRange, match="up to 12 s"):
        model.generate([Request(seed=1, duration_s=12.5)], lenders=NoLenders())
    with pytest.raises(UsageError, match="one or two channels, not 3"):
        build(channels=3)
