"""Verbs without a model: no handshake, consent all the same, receipts that name none and older ones that still load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from woodshed.artifacts import Receipt, cite_receipt, read_receipt
from woodshed.artifacts.delivery import Product
from woodshed.artifacts.receipt import NO_MODEL, TakenSound
from woodshed.artifacts.shelf import ModelShelf
from woodshed.artifacts.verb import GivenSound, Job, Verb, perform
from woodshed.artifacts.workbench import OutputLog, Workbench
from woodshed.base.errors import ConsentRefused, HandshakeError, UsageError
from woodshed.base.events import Event, Note
from woodshed.base.knobs import Knob, KnobTable
from woodshed.library import Library
from woodshed.roles import Made, NoLenders, Varies
from woodshed.sound import Sound, write_sound

KNOBS = KnobTable(task="halve", knobs=(Knob(name="resample", kind="bool", default=False, help="to one rate"),))


def halves(job: Job) -> Iterator[Product]:
    assert job.model is None
    for number, given in enumerate(job.sounds, start=1):
        yield Product(Made(given.sound.scaled(0.5)), seed=0, number=number, inputs=job.inputs, label="half")


HALVE = Verb(KNOBS, (), "halve sounds", halves, "{model}_{number}", most=2, references=("A method (1970)",))


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    log = OutputLog(tmp_path / "outputs.jsonl")
    return Workbench(Library(tmp_path), ModelShelf(tmp_path), log, tmp_path / "runs", tmp_path / "cache")


def tone(rate: int = 44100) -> Sound:
    return Sound(0.5 * np.sin(np.arange(3000) * 0.05), rate)


def halved(bench: Workbench, verb: Verb = HALVE, *sounds: Sound, **settings: Any) -> list[Any]:
    given = [GivenSound(sound, f"{number}.wav") for number, sound in enumerate(sounds or (tone(),))]
    knobs = KNOBS.settings(**settings)
    return perform(verb, bench, None, sounds=given, lenders=NoLenders(), folder=bench.cache, settings=knobs)


@pytest.mark.parametrize(("level", "said"), [(-6.0, True), (-30.0, False), (None, False)])
def test_a_level_that_peaks_do_not_allow_is_told(bench: Workbench, level: float | None, *, said: bool) -> None:
    click = np.zeros(4410)
    click[::441] = 0.9
    knobs = KnobTable(
        task="halve", knobs=(*KNOBS.knobs, Knob(name="level", kind="float", unit="lufs", default=None, help=""))
    )
    verb, told = replace(HALVE, knobs=knobs, finish=True), list[Event]()
    perform(
        verb,
        bench,
        None,
        sounds=[GivenSound(Sound(click, 44100), "click.wav")],
        lenders=NoLenders(),
        folder=bench.cache,
        settings=knobs.settings(level=level),
        on_event=told.append,
    )
    notes = [event.text for event in told if isinstance(event, Note)]
    assert len(notes) == said
    if said:
        assert notes[0].startswith("level -6 LUFS is not reached by 1 of 1 sound: it has -")


@pytest.mark.parametrize("level", ["1", "1:2"])
def test_a_level_in_words_is_no_loudness(bench: Workbench, level: str) -> None:
    """A blend is told whose level it takes."""
    knobs = KnobTable(task="halve", knobs=(*KNOBS.knobs, Knob(name="level", kind="text", default=None, help="")))
    told = list[Event]()
    perform(
        replace(HALVE, knobs=knobs, finish=False),
        bench,
        None,
        sounds=[GivenSound(tone(), "tone.wav")],
        lenders=NoLenders(),
        folder=bench.cache,
        settings=knobs.settings(level=level),
        on_event=told.append,
    )
    assert not [event for event in told if isinstance(event, Note)]


@pytest.mark.parametrize("label", ["k" * 240, "é" * 120])
def test_of_a_long_name_number_and_seed_stay(bench: Workbench, label: str) -> None:
    def named(job: Job) -> Iterator[Product]:
        yield from (replace(product, label=label) for product in halves(job))

    verb = replace(HALVE, make=named, template="{label}_vary_{number:03d}_seed{seed}")
    names = [made.path.name for made in halved(bench, verb, tone(), tone())]
    assert [name.lstrip(label[0]) for name in names] == ["_vary_001_seed0.wav", "_vary_002_seed0.wav"]
    assert all(100 < len(name.encode()) <= 154 for name in names)


@pytest.mark.parametrize(
    "template", ["{number.x}", "{number[0]}", "{kit}", "{}", "{number", "{class:03d}", "{label[x]}"]
)
def test_a_template_that_cannot_be_filled_is_told_before_anything_is_made(bench: Workbench, template: str) -> None:
    def never(_job: Job) -> Iterator[Product]:
        raise AssertionError("something was made")
        yield

    with pytest.raises(UsageError, match=r"cannot be filled.*use \{model\}"):
        halved(bench, replace(HALVE, make=never, template=template))


def test_a_level_is_brought_about_by_finishing_or_refused(bench: Workbench) -> None:
    knobs = KnobTable(
        task="halve",
        knobs=(
            Knob(name="finish", kind="bool", default=False, help=""),
            Knob(name="level", kind="float", unit="lufs", default=None, help=""),
        ),
    )

    def made(*, usually: bool, **settings: Any) -> list[Any]:
        verb = replace(HALVE, knobs=knobs, finish=usually)
        given, asked = [GivenSound(tone(), "tone.wav")], knobs.settings(**settings)
        return perform(verb, bench, None, sounds=given, lenders=NoLenders(), folder=bench.cache, settings=asked)

    [levelled] = made(usually=False, level=-30.0)
    assert levelled.receipt.finishing["loudness_lufs"] == pytest.approx(-30.0, abs=0.2)
    assert made(usually=False)[0].receipt.finishing == {}
    with pytest.raises(UsageError, match=r"level of -30 LUFS.*nothing is finished.*leave out --no-finish"):
        made(usually=True, level=-30.0, finish=False)


def test_the_receipt_names_no_model_and_is_read_back(bench: Workbench) -> None:
    [made] = halved(bench)
    receipt = read_receipt(made.path)
    assert made.path.name == "halve_1.wav"
    assert not receipt.has_model
    assert receipt.references == ("A method (1970)",)
    assert [entry.content_ids for entry in bench.log] == [{tone().content_id}]
    beside = Receipt.model_validate_json(made.path.with_name("halve_1.wav.json").read_text())
    assert (beside.model, beside.family) == (NO_MODEL, NO_MODEL), "a reader that wants these words finds them"


def test_a_receipt_written_before_verbs_without_models_still_loads() -> None:
    stored = Path(__file__).parent / "fixtures" / "receipt-1.json"
    receipt = Receipt.model_validate_json(stored.read_text())
    assert receipt.has_model
    text = cite_receipt(receipt, None).text()
    assert "lent fine structure: lent.wav (Bo)" in text
    assert "3 sounds (Ada)" in text


def test_the_sound_that_a_further_take_is_of_is_cited() -> None:
    stored = Path(__file__).parent / "fixtures" / "receipt-1.json"
    taken = TakenSound(content_id="00c0ffee", name="kick.wav", owner="Ada")
    receipt = Receipt.model_validate_json(stored.read_text()).model_copy(update={"take_of": taken})
    assert "a further take of: kick.wav (Ada)" in cite_receipt(receipt, None).text()
    assert receipt.take_words() == "kick.wav"
    towards = TakenSound(content_id="00decaf0", name="thump.wav", owner="Bo")
    led = receipt.model_copy(update={"take_towards": towards})
    assert "led towards: thump.wav (Bo)" in cite_receipt(led, None).text()
    assert led.take_words() == "kick.wav, towards thump.wav"


def test_what_is_in_the_output_itself_is_cited_as_that() -> None:
    stored = Path(__file__).parent / "fixtures" / "receipt-1.json"
    none = {"model": NO_MODEL, "model_digest": NO_MODEL, "family": NO_MODEL, "sources": {}, "references": ()}
    text = cite_receipt(Receipt.model_validate_json(stored.read_text()).model_copy(update=none), None).text()
    assert text.startswith("Credits")
    assert "went into it: lent.wav (Bo)" in text


def test_owners_are_asked_about_resynthesis(bench: Workbench, tmp_path: Path) -> None:
    write_sound(tmp_path / "in" / "theirs.wav", tone(), encoding="FLOAT")
    bench.library.add(tmp_path / "in", owner="Ada", allow=["ai-inference"])
    with pytest.raises(ConsentRefused, match="may not be made into another sound"):
        halved(bench)


def test_a_verb_that_needs_a_model_says_so(bench: Workbench) -> None:
    verb = Verb(KNOBS, (Varies,), "vary sounds", halves, "{number}")
    with pytest.raises(HandshakeError, match="needs a model"):
        halved(bench, verb)


def test_sounds_are_brought_to_the_rate_of_the_first_if_asked(bench: Workbench) -> None:
    made = halved(bench, HALVE, tone(), tone(22050), resample=True)
    assert [one.sound.sample_rate_hz for one in made] == [44100, 44100]
