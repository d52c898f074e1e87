"""The shelf's second row: models that ship are found behind own ones and never written to; those here are sound."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from benchmarks._starter_papers import CREDITS_FILE, LIMIT_BYTES, machine_words

from tests.artifacts.test_model_file import card, saved
from woodshed.artifacts import ModelShelf, load_model, read_card
from woodshed.artifacts.shelf import starters_folder
from woodshed.base.errors import ModelFileError, UnknownName, UsageError
from woodshed.base.events import Event
from woodshed.roles import FAMILIES, Generator, NoLenders, Request

HERE = sorted(starters_folder().glob("*.safetensors"))


@pytest.fixture(autouse=True)
def toy_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "toy", "tests.training.toy:Toy")


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    """An empty shelf behind which one model ships."""
    (tmp_path / "shipped").mkdir()
    shutil.move(saved(tmp_path, name="starter"), tmp_path / "shipped" / "starter.safetensors")
    return ModelShelf(tmp_path / "models", shipped=tmp_path / "shipped")


def test_a_shipped_model_is_found_by_name(shelf: ModelShelf) -> None:
    assert (shelf.names(), shelf.starters()) == ([], ["starter"])
    assert shelf.ships("starter")
    assert [name for name, _ in shelf.cards()] == ["starter"]
    assert shelf.load("starter").path == shelf.path("starter") == shelf.shipped / "starter.safetensors"
    assert shelf.place("starter").parent == shelf.folder
    with pytest.raises(UnknownName, match=r"near: starter"):
        shelf.load("startr")


def test_an_own_model_comes_first_and_leaves_the_shipped_one_as_it_is(shelf: ModelShelf) -> None:
    before = (shelf.shipped / "starter.safetensors").read_bytes()
    shipped, told = shelf.load("starter"), list[Event]()
    own = card(name="starter", merkle_root="own")
    assert shelf.put("starter", shipped.model, own, on_event=told.append).parent == shelf.folder
    assert "stands before the one that ships" in str(told[0])
    shelf.put("starter", shipped.model, own, on_event=told.append)
    assert len(told) == 1, "an own model that replaces an own one hides nothing new"
    assert not shelf.ships("starter")
    assert [(name, getattr(found, "merkle_root", None)) for name, found in shelf.cards()] == [("starter", "own")]
    assert shelf.card_of("starter", merkle_root=shipped.card.merkle_root) == shipped.card
    assert shelf.card_of("starter", merkle_root="own") == own
    assert shelf.card_of("starter", merkle_root="another") is None
    shelf.remove("starter")
    assert shelf.ships("starter")
    assert (shelf.shipped / "starter.safetensors").read_bytes() == before


def test_what_was_installed_is_neither_removed_nor_written_to(shelf: ModelShelf) -> None:
    path = shelf.shipped / "starter.safetensors"
    before = path.read_bytes()
    for name in ("starter", str(path)):
        with pytest.raises(UsageError, match="ships with Woodshed and stays"):
            shelf.remove(name)
    assert not shelf.attach_report(shelf.load("starter"), {"verdict": "well"})
    assert path.read_bytes() == before
    (shelf.shipped / "torn.safetensors").write_bytes(b"x" * 50)
    assert isinstance(dict(shelf.cards())["torn"], ModelFileError)


@pytest.mark.skipif(not HERE, reason="this checkout has no starters: python -m benchmarks.make_starters")
class TestThoseThatShip:
    """Over every file that lies in the package."""

    def test_they_are_small_and_their_teachers_are_named(self) -> None:
        assert sum(path.stat().st_size for path in HERE) < LIMIT_BYTES
        told = (starters_folder() / CREDITS_FILE).read_text(encoding="utf-8")
        for path in HERE:
            papers = read_card(path)
            assert f"## {papers.name}" in told
            assert all(credit in told and licence_of(credit) for credit in papers.credits)

    @pytest.mark.parametrize("path", HERE, ids=lambda path: path.stem)
    def test_papers(self, path: Path) -> None:
        papers = read_card(path)
        assert papers.name == path.stem
        assert papers.licence
        assert papers.credits
        assert all(source.owner and source.licence for source in papers.sources)
        allowed = {"CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "Unlicense", "MIT", "BSD-3-Clause"}
        assert {source.licence for source in papers.sources} <= allowed
        assert not [source.name for source in papers.sources if "/" in source.name or "\\" in source.name]
        assert machine_words(papers.model_dump_json()) == []
        assert not re.search(rb"/(home|root|Users|work|farm)/", path.read_bytes())

    @pytest.mark.parametrize("path", HERE, ids=lambda path: path.stem)
    def test_every_class_sounds_with_no_lender(self, path: Path) -> None:
        model = load_model(path).model
        assert isinstance(model, Generator)
        asked = [Request(seed=seed, class_name=name, duration_s=0.5) for seed, name in enumerate(model.spec.classes)]
        if model.lender_query == "kind:loop":
            asked = [Request(seed=one.seed, class_name=one.class_name, bpm=120.0, bars=1) for one in asked]
        made = model.generate(asked, lenders=NoLenders(), steps=2)
        assert [one.class_name for one in made] == list(model.spec.classes)
        assert not [one.lenders for one in made if one.lenders]
        assert all(one.sound.peak > 1e-4 for one in made)


def licence_of(credit: str) -> str:
    """The licence a credit line names."""
    return next((word for word in re.findall(r"[\w.-]+", credit) if word.startswith("CC-BY")), "")
