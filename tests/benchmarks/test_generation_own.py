"""The benchmark of own sounds runs from end to end on made sounds; its figures mean nothing here."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import _generation_own
from benchmarks._generation_own import (
    ITSELF,
    NOTHING,
    TUNED,
    _against_untaught,
    own_sounds,
)

from woodshed.artifacts import ModelCard, save_model
from woodshed.kit import make_hit, make_kit
from woodshed.roles import DataSpec, Example, family_class
from woodshed.training import Budget, Run, TrainingPlan, train


@pytest.mark.slow
def test_own_sounds_from_a_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    make_kit(data, seed=4, count_per_class=6, loops=0, jobs=1)
    kind = family_class("band-flow")
    spec = DataSpec(44100, 1, ("kick", "snare"))
    heard = [
        Example(make_hit(name, seed=seed).sound.mono(), number, f"{name}{seed}")
        for number, name in enumerate(spec.classes)
        for seed in range(4)
    ]
    starter = kind(kind.PRESETS["debug"], spec, seed=1)
    train(starter, lambda: heard, plan=TrainingPlan(Budget(steps=3)), run=Run(tmp_path / "run"))
    card = ModelCard(
        name="starter",
        family=starter.family,
        role=starter.role,
        config=starter.config.model_dump(mode="json"),
        sample_rate_hz=spec.sample_rate_hz,
        channels=spec.channels,
        classes=spec.classes,
        seed=1,
        made_at="2026-01-01T00:00:00Z",
        woodshed_version="0",
        purpose="generative-training",  # type: ignore[arg-type]
        merkle_root="",
        ledger_head="",
        sources=(),
    )
    save_model(tmp_path / "starter.safetensors", starter, card)
    monkeypatch.setattr(_generation_own, "MADE", 24)
    found = own_sounds(data, False, tmp_path / "starter.safetensors", folder=tmp_path, seconds_cpu=4.0)
    assert [row[:2] for row in found.tables[0].rows] == [("42", way) for way in (ITSELF, NOTHING, TUNED)]
    assert sum("kernel distance" in check.name for check in found.checks) == 6
    assert sum("copy rate" in check.name for check in found.checks) == 1
    again = own_sounds(data, False, tmp_path / "starter.safetensors", folder=tmp_path, seconds_cpu=1e9)
    assert again == found  # from what was kept: nothing is trained again


@pytest.mark.parametrize(
    ("interval", "best", "holds", "word"),
    [
        ((-3.0, -0.1), -6.0, True, "below 0"),
        ((-1.5, 2.3), -6.0, False, "below 0"),  # the taught sounds would be told, these are not nearer
        ((-7.0, 8.0), -6.0, True, "cannot tell"),
        ((1.0, 12.0), -5.0, False, "cannot tell"),  # farther, for certain
    ],
)
def test_what_not_even_the_taught_sounds_would_show_is_shown_beside(
    interval: tuple[float, float], best: float, *, holds: bool, word: str
) -> None:
    check = _against_untaught("less", sum(interval) / 2, interval, best, target=True)
    assert check.holds is holds
    assert word in str(check.target)
