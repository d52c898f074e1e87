from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.library.sounds import fill, make_hit
from tests.metrics.sounds import RATE_HZ, mixed_set
from woodshed.artifacts import ModelShelf
from woodshed.artifacts.workbench import OutputLog, Workbench
from woodshed.base.errors import UsageError
from woodshed.library import Library
from woodshed.metrics import FAULTS, REFERENCES, SPACES, SoundSet
from woodshed.roles import DataSpec, Example, Features, Generator, LenderPool, Made, NoLenders, OptimiserPlan, Request
from woodshed.roles.trainable import FamilyConfig
from woodshed.sound import Sound, read_sound, write_sound
from woodshed.tasks.evaluate import EvaluationReport, evaluate, evaluation_page
from woodshed.tasks.evaluate.examples import write_examples
from woodshed.tasks.evaluate.listening import trained_listener
from woodshed.tasks.evaluate.order import _may_teach
from woodshed.tasks.evaluate.report import CountedShare, Overlap

TRAINING, HELD_OUT, FRESH = mixed_set(48), mixed_set(24, seed=1), mixed_set(60, seed=2)


class Player(Generator):
    """No network: plays what it is given, in order of the requests, by class."""

    def __init__(self, sounds: SoundSet, *, fault: bool = False) -> None:
        super().__init__(FamilyConfig(), DataSpec(RATE_HZ, 1, ("kick", "snare")))
        self.sounds, self.fault, self.asked = sounds, fault, 0

    @property
    def max_duration_s(self) -> float:
        return 0.25

    def generate(
        self,
        requests: Sequence[Request],
        *,
        lenders: LenderPool,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> list[Made]:
        made = []
        for request in requests:
            places = [place for place, name in enumerate(self.sounds.class_names) if name == request.class_name]
            sound = self.sounds.sounds[places[self.asked % len(places)]]
            self.asked += 1
            made.append(Made(Sound(sound.data + 0.4, RATE_HZ) if self.fault else sound, class_name=request.class_name))
        return made

    def fit(self, examples: object, *, seed: int) -> None:
        raise NotImplementedError

    def encode(self, examples: object, *, seed: int, augment: bool) -> Features:
        raise NotImplementedError

    def training_step(self, batch: object, *, seed: int) -> dict:
        raise NotImplementedError

    def optimisers(self) -> list[OptimiserPlan]:
        raise NotImplementedError


def judge(sounds: SoundSet, *, fault: bool = False, folder: Path | None = None) -> EvaluationReport:
    return evaluate(
        Player(sounds, fault=fault),
        TRAINING,
        HELD_OUT,
        lenders=NoLenders(),
        count=24,
        quick=True,
        seed=3,
        folder=folder,
        may_teach=(),
    )


@pytest.fixture(scope="module")
def novel(tmp_path_factory: pytest.TempPathFactory) -> tuple[EvaluationReport, Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    return judge(FRESH, folder=folder), folder


def test_every_row_is_there_with_its_count(novel: tuple[EvaluationReport, Path]) -> None:
    report = novel[0]
    names = [row.name for row in report.rows]
    assert names[0] == "generated"
    assert set(REFERENCES) < set(names)
    assert {"real, held out", "real, half against half", "real, all training sounds"} < set(names)
    assert report.count == report.generated.count == 24
    for row in report.rows:
        assert row.clean.of == row.count
        assert set(row.faults) <= set(FAULTS)
    for space in SPACES:
        for reference in ("training", "held-out"):
            overlap = report.generated.overlap(space, reference)
            assert overlap is not None
            assert overlap.kernel_low < overlap.kernel_high
            assert overlap.reference_count == (48 if reference == "training" else 24)
    assert {floor.space for floor in report.floors} == set(SPACES)


def test_new_sounds_of_the_same_kind_are_close_and_clean(novel: tuple[EvaluationReport, Path]) -> None:
    report = novel[0]
    assert report.generated.clean.share == 1.0
    assert report.generated.overlap("spectral", "training").coverage > 0.5
    noise = report.row("coloured noise").overlap("spectral", "training")
    assert report.generated.overlap("spectral", "training").kernel < noise.kernel
    assert "Quick evaluation of 24 sounds" in report.notes[0]


def test_a_copying_machine_is_called_one() -> None:
    report = judge(TRAINING)
    assert report.generated.copies.share > 0.9
    assert report.generated.novelty == pytest.approx(0, abs=1e-6)
    assert report.novelty == "copying"
    assert report.verdict.startswith("Copying")


def test_faults_are_counted_before_any_finishing() -> None:
    report = judge(FRESH, fault=True)
    assert report.generated.faults["dc"] == 24
    assert "technical fault" in report.worst


def test_report_goes_through_json(novel: tuple[EvaluationReport, Path]) -> None:
    report = novel[0]
    assert EvaluationReport.model_validate_json(report.model_dump_json()) == report


def test_no_number_is_not_finite_in_json() -> None:
    assert CountedShare(count=0, of=0, share=float("nan"), low=0.0, high=1.0).share is None
    overlap = dict.fromkeys(Overlap.model_fields, float("inf")) | {
        "space": "spectral",
        "reference": "training",
        "count": 1,
        "reference_count": 1,
    }
    assert "Infinity" not in Overlap.model_validate(overlap).model_dump_json()


def test_pairs_are_files_that_play(novel: tuple[EvaluationReport, Path]) -> None:
    report, folder = novel
    assert {pair.kind for pair in report.pairs} == {"most alike", "drawn"}
    alike = [pair.likeness for pair in report.pairs if pair.kind == "most alike"]
    assert alike == sorted(alike, reverse=True)
    for pair in report.pairs:
        assert 0.1 < read_sound(folder / pair.made_file).peak <= 1
        assert read_sound(folder / pair.real_file).sample_rate_hz == RATE_HZ


def test_every_class_has_five_made_beside_five_real(novel: tuple[EvaluationReport, Path]) -> None:
    report, folder = novel
    assert [one.class_name for one in report.examples] == ["kick", "snare"]
    for one in report.examples:
        assert len(one.made_files) == len(one.real_files) == len(set(one.real_names)) == 5
        real = {name for name, kind in zip(TRAINING.names, TRAINING.class_names, strict=True) if kind == one.class_name}
        assert set(one.real_names) <= real
        for file in (*one.made_files, *one.real_files):
            assert 0.1 < read_sound(folder / file).peak <= 1


def test_a_rare_class_is_made_again_until_there_are_five(tmp_path: Path) -> None:
    training = TRAINING.taken(range(3))
    asked = []

    def more(class_name: str, count: int) -> list[Sound]:
        asked.append((class_name, count))
        return [FRESH.sounds[0]] * count

    found = write_examples(FRESH.taken(range(4)), training, more=more, folder=tmp_path, seed=0)
    here = [sum(name == one.class_name for name in FRESH.class_names[:4]) for one in found]
    assert asked == [(one.class_name, 5 - count) for one, count in zip(found, here, strict=True)]
    assert all(len(one.made_files) == 5 for one in found)
    assert sum(len(one.real_files) for one in found) == 3


def test_page_shows_verdict_tables_and_players(novel: tuple[EvaluationReport, Path]) -> None:
    report, folder = novel
    text = evaluation_page(report, folder=folder).html(folder=folder)
    assert report.worst in text
    of_classes = sum(len(one.made_files) + len(one.real_files) for one in report.examples)
    assert text.count("<audio") == 2 * len(report.pairs) + of_classes
    assert text.count('class="cards columns"') == len(report.examples)
    for row in report.rows:
        assert text.count(row.name) >= 3
    assert "http" not in text.replace("http-equiv", "")


@pytest.mark.slow
def test_same_seed_same_report(novel: tuple[EvaluationReport, Path], tmp_path: Path) -> None:
    again = judge(FRESH, folder=tmp_path)
    assert again.model_copy(update={"seconds": 0.0}) == novel[0].model_copy(update={"seconds": 0.0})


def test_without_held_out_sounds_it_says_what_stands_in(tmp_path: Path) -> None:
    model = Player(FRESH)
    report = evaluate(model, TRAINING, SoundSet(()), lenders=NoLenders(), count=16, quick=True, may_teach=())
    page = evaluation_page(report, folder=tmp_path).write(tmp_path / "index.html").read_text()
    assert "unseen real" not in page
    assert "training sounds of other groups" in page
    assert "other groups" in report.copying.null_kind
    assert report.generated.overlap("spectral", "held-out") is None
    assert report.generated.novelty is not None


@pytest.mark.parametrize(("training", "count"), [(TRAINING.taken(range(5)), 64), (TRAINING, 4)])
def test_too_little_to_measure_is_refused(training: SoundSet, count: int) -> None:
    with pytest.raises(UsageError, match="too few to measure"):
        evaluate(Player(FRESH), training, HELD_OUT, lenders=NoLenders(), count=count)


def test_listener_learns_from_unheard_sounds_first_and_only_from_allowed_ones() -> None:
    held_out = mixed_set(60, seed=4)
    first = trained_listener(TRAINING, held_out, allowed=None, steps=12, seed=0)
    assert first is not None
    assert not first.heard_training_sounds
    heard = first.listener.hear(FRESH.sounds).argmax(axis=1)
    right = [first.classes[number] == name for number, name in zip(heard, FRESH.class_names, strict=True)]
    assert np.mean(right) > 0.8
    second = trained_listener(TRAINING, HELD_OUT, allowed=TRAINING.names[:20], steps=2, seed=0)
    assert second is not None
    assert second.heard_training_sounds
    assert second.trained_on == 20
    assert trained_listener(TRAINING, HELD_OUT, allowed=(), steps=2, seed=0) is None


def test_example_of_a_listener_has_no_class_for_strangers() -> None:
    from woodshed.families.listeners.mel_listener import MelListener

    model = MelListener(MelListener.PRESETS["debug"], DataSpec(RATE_HZ, 1, ("kick", "snare")))
    examples = [Example(TRAINING.sounds[0], -1), Example(TRAINING.sounds[1], 1)]
    features = model.encode(examples, seed=0, augment=True)
    assert features.tensors["class"].tolist() == [1, 1]
    model.fit([], seed=0)  # nothing heard, nothing changed
    assert len(model.encode([], seed=0, augment=False)) == 0


def test_an_opt_out_of_a_copy_keeps_a_sound_from_teaching_the_listener(tmp_path: Path) -> None:
    folder = fill(tmp_path / "s", ["one.wav", "two.wav"])
    write_sound(folder / "one quieter.wav", make_hit(0).scaled(-0.4))
    library = Library(tmp_path / "w")
    library.add(folder, owner="Ada", allow=["all"])
    ids = {item.name: item.content_id for item in library.items()}
    library.ledger.opt_out(party="Ben", content_ids=[ids["one.wav"]], purposes=["ai-training"])
    bench = Workbench(library, ModelShelf(tmp_path), OutputLog(tmp_path / "o"), tmp_path, tmp_path)
    assert _may_teach(bench, list(ids.values())) == {ids["two.wav"]}
