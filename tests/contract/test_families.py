"""The executable contract: every line of the table, at debug size, on the CPU, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tests.contract.sounds import CLASSES, RATE, examples, made_sound
from woodshed.artifacts import ModelCard, load_model, save_model
from woodshed.base.errors import RateMismatch, UnknownName
from woodshed.roles import (
    FAMILIES,
    Blends,
    DataSpec,
    Example,
    Generator,
    LenderPool,
    Listener,
    NoLenders,
    Request,
    Trainable,
    Varies,
    family_class,
)
from woodshed.sound import Sound
from woodshed.training import Budget, Run, TrainingPlan, train

NAMES = sorted(FAMILIES)
STEPS = 30


class ListLenders(LenderPool):
    """A pool over sounds in memory."""

    def __init__(self, given: Sequence[Example]) -> None:
        self.given = {example.content_id: example for example in given}

    def content_ids(self) -> Sequence[str]:
        return sorted(self.given)

    def class_name(self, content_id: str) -> str | None:
        return CLASSES[self.given[content_id].class_index]

    def read(self, content_id: str) -> Sound:
        return self.given[content_id].sound

    def key(self) -> str:
        return "list"


def build(name: str, *, channels: int = 1, rate: int = RATE, seed: int = 1) -> Trainable:
    kind = family_class(name)
    return kind(kind.PRESETS["debug"], DataSpec(rate, channels, CLASSES), seed=seed)


def fitted(name: str, *, channels: int = 1, rate: int = RATE) -> tuple[Trainable, list[Example]]:
    model, sounds = build(name, channels=channels, rate=rate), examples(channels=channels, rate=rate)
    model.fit(sounds, seed=1)
    return model.eval(), sounds


def trained(name: str, folder: Path, *, channels: int = 1, seed: int = 1) -> tuple[Trainable, list[Example]]:
    sounds = examples(channels=channels)
    plan = TrainingPlan(Budget(steps=STEPS), seed=seed)
    return train(build(name, channels=channels, seed=seed), lambda: sounds, plan=plan, run=Run(folder)).model, sounds


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def ready(name: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trainable, list[Example]]:
    return trained(name, tmp_path_factory.mktemp("ready"))


def generator(model: Trainable) -> Generator:
    if not isinstance(model, Generator):
        pytest.skip(f"{model.family} is no generator")
    return model


def test_table_and_folder_agree() -> None:
    import woodshed.families

    root = Path(woodshed.families.__path__[0])
    files = {
        f"woodshed.families.{path.parent.name}.{path.stem}"
        for path in root.glob("*/*.py")
        if not path.stem.startswith("_")
    }
    assert {home.partition(":")[0] for home in FAMILIES.values()} == files


def test_names_agree_and_sources_are_cited(name: str) -> None:
    kind = family_class(name)
    assert kind.family == name
    assert kind.REFERENCES
    assert all(any(str(year) in text for year in range(1920, 2100)) for text in kind.REFERENCES)
    assert "debug" in kind.PRESETS


def test_config_goes_through_json_and_refuses_unknown_keys(name: str) -> None:
    kind = family_class(name)
    for preset in kind.PRESETS.values():
        assert kind.Config.model_validate_json(preset.model_dump_json()) == preset
    with pytest.raises(ValidationError):
        kind.Config.model_validate({"no_such_key": 1})


def test_every_preset_builds(name: str) -> None:
    kind = family_class(name)
    for preset in kind.PRESETS.values():
        assert sum(p.numel() for p in kind(preset, DataSpec(48000, 2, CLASSES)).parameters()) > 0


def test_no_tensor_grows_with_the_data(name: str) -> None:
    """Nothing of a sound can hide in a tensor whose shape is fixed before any sound was heard."""
    model = build(name)
    before = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    model.fit(examples(), seed=0)
    assert {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()} == before


@pytest.mark.parametrize("channels", [1, 2])
def test_loss_falls_when_one_batch_is_learned_by_heart(name: str, channels: int) -> None:
    model, sounds = build(name, channels=channels), examples(channels=channels)
    model.fit(sounds, seed=1)
    features = model.encode(sounds, seed=1, augment=False)
    batch = features.batch(torch.arange(min(len(features), model.config.batch_size)))
    plans, losses = model.optimisers(), []
    for step in range(60):
        total = torch.stack(list(model.training_step(batch, seed=step % 4).values())).sum()
        for plan in plans:
            plan.optimiser.zero_grad()
        total.backward()
        for plan in plans:
            plan.optimiser.step()
        losses.append(float(total.detach()))
    assert np.isfinite(losses).all()
    assert np.mean(losses[-8:]) < 0.9 * np.mean(losses[:4])


def test_step_depends_on_its_seed_alone(name: str) -> None:
    model, sounds = fitted(name)
    features = model.encode(sounds, seed=1, augment=True)
    again = model.encode(sounds, seed=1, augment=True)
    assert all(torch.equal(features.tensors[key], again.tensors[key]) for key in features.tensors)
    batch = features.batch(torch.arange(4))
    torch.manual_seed(1)
    one = model.training_step(batch, seed=5)
    torch.manual_seed(2)
    two = model.training_step(batch, seed=5)
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_save_and_load_is_exact(ready: tuple[Trainable, list[Example]], tmp_path: Path) -> None:
    model, sounds = ready
    path = tmp_path / "m.safetensors"
    save_model(path, model, card_for(model))
    loaded = load_model(path).model
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[key])
    if isinstance(model, Generator) and isinstance(loaded, Generator):
        request, pool = Request(seed=3, class_name="noise"), ListLenders(sounds)
        one, two = (m.generate([request], lenders=pool)[0].sound for m in (model, loaded))
        assert np.array_equal(one.data, two.data)
    if isinstance(model, Listener) and isinstance(loaded, Listener):
        heard = [example.sound for example in sounds[:3]]
        assert np.array_equal(model.hear(heard), loaded.hear(heard))


def test_interrupted_and_resumed_equals_straight_through(name: str, tmp_path: Path) -> None:
    sounds, plan = examples(), TrainingPlan(Budget(steps=12), seed=4)
    whole = train(build(name), lambda: sounds, plan=plan, run=Run(tmp_path / "whole"), data_key="k")
    run = Run(tmp_path / "halves")

    def stop_half_way(model: Trainable, step: int) -> None:
        run.cancel()

    first = train(
        build(name), lambda: sounds, plan=plan, run=run, data_key="k", on_preview=lambda m, s: stop_half_way(m, s)
    )
    assert first.stopped_early
    assert 0 < first.steps < 12
    second = train(build(name), lambda: sounds, plan=plan, run=run, data_key="k", resume=True)
    assert second.steps == 12
    for key, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[key]), key


# -- generators


def test_same_request_same_sound_whatever_the_batch(ready: tuple[Trainable, list[Example]]) -> None:
    model, pool = generator(ready[0]), ListLenders(ready[1])
    mine = Request(seed=11, class_name="tone")
    others = [Request(seed=50 + i, class_name=CLASSES[i % 2]) for i in range(6)]
    alone = model.generate([mine], lenders=pool)[0]
    first = model.generate([mine, *others], lenders=pool)[0]
    last = model.generate([*others, mine], lenders=pool)[-1]
    assert np.array_equal(alone.sound.data, first.sound.data)
    assert np.array_equal(alone.sound.data, last.sound.data)
    assert alone.lenders == first.lenders == last.lenders
    different = model.generate([Request(seed=12, class_name="tone")], lenders=pool)[0]
    assert alone.sound.content_id != different.sound.content_id


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_channels_and_rate_are_kept_and_sounds_are_finite(name: str, channels: int, rate: int) -> None:
    model, sounds = fitted(name, channels=channels, rate=rate)
    for pool in (ListLenders(sounds), NoLenders()):
        made = generator(model).generate([Request(seed=1), Request(seed=2, class_name="noise")], lenders=pool)
        for one in made:
            assert (one.sound.channels, one.sound.sample_rate_hz) == (channels, rate)
            assert np.isfinite(one.sound.data).all()
            assert 0 < one.sound.duration_s <= generator(model).max_duration_s + 0.01
            assert set(one.lenders) <= set(pool.content_ids())


def test_length_is_kept_as_asked(ready: tuple[Trainable, list[Example]]) -> None:
    model = generator(ready[0])
    for seconds in (0.05, 0.2, model.max_duration_s):
        made = model.generate([Request(seed=1, class_name="noise", duration_s=seconds)], lenders=NoLenders())[0]
        assert made.sound.duration_s == pytest.approx(seconds, abs=0.02)


def test_unknown_class_is_named(ready: tuple[Trainable, list[Example]]) -> None:
    with pytest.raises(UnknownName, match=r"no class 'tune'.*near: tone"):
        generator(ready[0]).generate([Request(seed=1, class_name="tune")], lenders=NoLenders())


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("guidance", [0.0, 1.0, 4.0])
def test_solver_knobs_at_both_ends(ready: tuple[Trainable, list[Example]], steps: int, guidance: float) -> None:
    made = generator(ready[0]).generate(
        [Request(seed=1, class_name="tone")], lenders=NoLenders(), steps=steps, guidance=guidance
    )
    assert np.isfinite(made[0].sound.data).all()


def odd_sounds(channels: int) -> dict[str, Sound]:
    tone = made_sound(class_index=1, seed=3, channels=channels)
    return {
        "one frame": tone.section(1, 2),
        "odd": tone.section(0, 7001),
        "tiny": tone.section(0, 100),
        "long": Sound(np.tile(tone.data, (1, 30)), RATE),
        "silent": Sound(np.zeros((channels, 5000), np.float32), RATE),
        "whole": tone,
    }


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("which", list(odd_sounds(1)))
def test_vary_keeps_shape_and_gives_the_sound_back_at_zero(name: str, channels: int, which: str) -> None:
    model, sounds = fitted(name, channels=channels)
    if not isinstance(model, Varies):
        pytest.skip(f"{name} does not vary")
    source = odd_sounds(channels)[which]
    for amount in (0.0, 0.3, 1.0):
        made = model.vary(source, amount=amount, seed=1, lenders=ListLenders(sounds)).sound
        assert made.data.shape == source.data.shape
        assert np.isfinite(made.data).all()
        if amount == 0.0:
            error = np.sqrt(np.mean((made.data - source.data) ** 2))
            assert error <= 1e-3 * np.sqrt(np.mean(source.data**2)) + 1e-9


def test_two_variations_differ_and_one_repeats(ready: tuple[Trainable, list[Example]]) -> None:
    model, sounds = ready
    if not isinstance(model, Varies):
        pytest.skip("does not vary")
    source, pool = made_sound(class_index=0, seed=77), ListLenders(sounds)
    one, again, other = (model.vary(source, amount=0.3, seed=s, lenders=pool).sound for s in (1, 1, 2))
    assert np.array_equal(one.data, again.data)
    assert not np.array_equal(one.data, other.data)


def test_wrong_rate_names_both(ready: tuple[Trainable, list[Example]]) -> None:
    model = ready[0]
    if not isinstance(model, Varies):
        pytest.skip("does not vary")
    with pytest.raises(RateMismatch, match=r"22050 Hz where 44100 Hz"):
        model.vary(made_sound(class_index=0, seed=1, rate=22050), amount=0.5, seed=0, lenders=NoLenders())


def test_blend_begins_and_ends_where_asked(ready: tuple[Trainable, list[Example]]) -> None:
    model, sounds = ready
    if not isinstance(model, Blends):
        pytest.skip("does not blend")
    first, second = made_sound(class_index=0, seed=5), made_sound(class_index=1, seed=6, seconds=0.31)
    frames = max(first.frames, second.frames)
    for position, end in ((0.0, first), (1.0, second)):
        made = model.blend(first, second, position=position, seed=0, lenders=ListLenders(sounds)).sound
        assert made.frames == frames
        padded = np.pad(end.data, ((0, 0), (0, frames - end.frames)))
        assert np.sqrt(np.mean((made.data - padded) ** 2)) <= 1e-3 * np.sqrt(np.mean(end.data**2))
    middle = model.blend(first, second, position=0.5, seed=0, lenders=ListLenders(sounds)).sound
    assert np.isfinite(middle.data).all()
    assert middle.peak > 0.01


# -- listeners


def test_listener_hears_any_rate_channels_and_length(name: str) -> None:
    model, _ = fitted(name)
    if not isinstance(model, Listener):
        pytest.skip(f"{name} is no listener")
    sounds = [*odd_sounds(1).values(), *odd_sounds(2).values(), made_sound(class_index=0, seed=1, rate=48000)]
    heard = model.hear(sounds)
    assert heard.shape == (len(sounds), len(CLASSES))
    np.testing.assert_allclose(heard.sum(axis=1), 1.0, atol=1e-5)
    assert np.isfinite(model.features(sounds)).all()
    np.testing.assert_allclose(model.hear(sounds[:1]), heard[:1], atol=1e-5)


def card_for(model: Trainable) -> ModelCard:
    return ModelCard(
        name="m",
        family=model.family,
        role=model.role,
        config=model.config.model_dump(mode="json"),
        sample_rate_hz=model.spec.sample_rate_hz,
        channels=model.spec.channels,
        classes=model.spec.classes,
        seed=model.seed,
        made_at="2026-01-01T00:00:00Z",
        woodshed_version="0",
        purpose="generative-training",
        merkle_root="",
        ledger_head="",
        sources=(),
    )
