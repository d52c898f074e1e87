"""Model files: exact round trip, and every way in which a file from a stranger can be wrong."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.training.toy import Toy, ToyConfig
from woodshed.artifacts import ModelCard, ModelShelf, SourceSound, load_model, model_file, read_card, save_model
from woodshed.artifacts.card import BaseOfModel
from woodshed.base.errors import ConsentRefused, ModelFileError, UnknownName, UsageError
from woodshed.roles import FAMILIES, DataSpec


@pytest.fixture(autouse=True)
def toy_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "toy", "tests.training.toy:Toy")


def card(**changes: object) -> ModelCard:
    facts: dict[str, object] = {
        "name": "drums",
        "family": "toy",
        "role": "generator",
        "config": ToyConfig().model_dump(),
        "sample_rate_hz": 44100,
        "channels": 1,
        "classes": ("kick",),
        "seed": 0,
        "made_at": "2026-01-01T00:00:00Z",
        "woodshed_version": "0.1.0",
        "purpose": "generative-training",
        "merkle_root": "r",
        "ledger_head": "h",
        "sources": (SourceSound(content_id="a" * 32, name="k.wav", owner="Ada", credit="Ada (CC-BY-4.0)"),),
    }
    return ModelCard.model_validate(facts | changes)


def saved(folder: Path, **changes: object) -> Path:
    path = folder / "drums.safetensors"
    model = Toy(ToyConfig(), DataSpec(44100, 1, ("kick",)))
    with torch.no_grad():
        model.level.fill_(0.25)
    save_model(path, model, card(**changes))
    return path


def test_round_trip(tmp_path: Path) -> None:
    loaded = load_model(saved(tmp_path))
    assert loaded.card == card()
    assert float(loaded.model.state_dict()["level"]) == 0.25
    assert len(loaded.digest) == 32
    assert loaded.card.credits == ("Ada (CC-BY-4.0)",)
    assert loaded.card.owners == ("Ada",)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no model file .*models ls"):
        load_model(tmp_path / "none.safetensors")


@pytest.mark.parametrize("cut", [0, 4, 7, 8, 20, 200, -1])
def test_cut_short(tmp_path: Path, cut: int) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ModelFileError, match=r"not a sound model file.*Way out"):
        load_model(path)


def test_every_single_damaged_byte_of_the_header_is_a_clean_error_or_harmless(tmp_path: Path) -> None:
    content = saved(tmp_path).read_bytes()
    path = tmp_path / "bent.safetensors"
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x5A]) + content[place + 1 :])
        try:
            load_model(path)
        except ModelFileError:
            continue


def test_a_flipped_bit_in_the_weights_is_found(tmp_path: Path) -> None:
    path = saved(tmp_path)
    whole = path.read_bytes()
    begin = 8 + struct.unpack("<Q", whole[:8])[0]
    for place in (begin, (begin + len(whole)) // 2, len(whole) - 4):  # the lowest bits: all stay finite
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ModelFileError, match="not those that were saved"):
            load_model(path)


def test_a_changed_configuration_in_the_card_is_found(tmp_path: Path) -> None:
    path = saved(tmp_path)
    whole = path.read_bytes()
    assert whole.count(b"2026-01-01") == 1
    path.write_bytes(whole.replace(b"2026-01-01", b"2026-01-02"))
    with pytest.raises(ModelFileError, match="not those that were saved"):
        load_model(path)


def test_a_configuration_that_gained_a_default_since_still_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path)

    class Later(ToyConfig):
        new: float = 0.5

    monkeypatch.setattr(Toy, "Config", Later)
    assert load_model(path).model.config.model_dump()["new"] == 0.5


def test_a_file_without_a_digest_of_its_weights_still_loads(tmp_path: Path) -> None:
    loaded = load_model(saved(tmp_path))
    metadata = {"woodshed_format": "1", "card": loaded.card.model_dump_json()}
    save_file(dict(loaded.model.state_dict()), tmp_path / "older.safetensors", metadata=metadata)
    assert load_model(tmp_path / "older.safetensors").digest == loaded.digest


def test_pickle_in_disguise_is_not_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, ("raise SystemExit('executed')",))

    path = tmp_path / "bomb.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError, match=r"does not begin as a safetensors file"):
        load_model(path)


def test_huge_header_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    with pytest.raises(ModelFileError, match=r"not a sound model file"):
        load_model(path)


def rewritten(path: Path, *, tensors: dict[str, torch.Tensor] | None = None, **metadata: str) -> Path:
    kept = {"woodshed_format": "1", "card": card().model_dump_json()} | metadata
    save_file(tensors if tensors is not None else {"level": torch.zeros(1), "offset": torch.zeros(1)}, path, kept)
    return path


def test_foreign_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "f.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ModelFileError, match=r"not a Woodshed model"):
        load_model(path)


@pytest.mark.parametrize("version", ["", "-1", "1.5", "x", "9" * 400])
def test_senseless_version(tmp_path: Path, version: str) -> None:
    with pytest.raises(ModelFileError, match=r"not a Woodshed model"):
        load_model(rewritten(tmp_path / "v.safetensors", woodshed_format=version))


def test_newer_version_asks_for_an_upgrade(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"format version 99; this Woodshed knows up to 1.*upgrade"):
        load_model(rewritten(tmp_path / "v.safetensors", woodshed_format="99"))


def test_older_version_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = card().model_dump(mode="json")
    old["title"] = old.pop("name")
    monkeypatch.setitem(
        model_file.MIGRATIONS, 0, lambda c: {**{k: v for k, v in c.items() if k != "title"}, "name": c["title"]}
    )
    path = rewritten(tmp_path / "old.safetensors", woodshed_format="0", card=json.dumps(old))
    assert read_card(path).name == "drums"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        '{"name": 3}',
        "[" * 100_000,
        json.dumps({**card().model_dump(mode="json"), "run": "os.system"}),
    ],
)
def test_bad_card(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelFileError, match=r"its card cannot be read"):
        load_model(rewritten(tmp_path / "c.safetensors", card=text))


def test_family_from_elsewhere_is_not_imported(tmp_path: Path) -> None:
    path = rewritten(tmp_path / "c.safetensors", card=card(family="os:system").model_dump_json())
    with pytest.raises(ModelFileError, match=r"family 'os:system', which is not installed here"):
        load_model(path)


@pytest.mark.parametrize("config", [{"batch_size": "many"}, {"unknown": 1}])
def test_bad_config(tmp_path: Path, config: dict[str, object]) -> None:
    path = rewritten(tmp_path / "c.safetensors", card=card(config=config).model_dump_json())
    with pytest.raises(ModelFileError, match=r"configuration does not build"):
        load_model(path)


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        ({"level": torch.zeros(1)}, "missing or unknown"),
        ({"level": torch.zeros(1), "offset": torch.zeros(1), "audio": torch.zeros(44100)}, "missing or unknown"),
        ({"level": torch.zeros(2), "offset": torch.zeros(1)}, r"level has the shape \[2\], not \[1\]"),
        ({"level": torch.zeros(1).double(), "offset": torch.zeros(1)}, "of type torch.float64"),
        ({"level": torch.tensor([float("nan")]), "offset": torch.zeros(1)}, "not numbers"),
    ],
)
def test_bad_tensors(tmp_path: Path, tensors: dict[str, torch.Tensor], what: str) -> None:
    with pytest.raises(ModelFileError, match=what):
        load_model(rewritten(tmp_path / "t.safetensors", tensors=tensors))


def test_shelf_lists_bad_files_without_failing(tmp_path: Path) -> None:
    shelf = ModelShelf(tmp_path, shipped=tmp_path / "none")
    saved(tmp_path)
    (tmp_path / "broken.safetensors").write_bytes(b"x" * 100)
    cards = dict(shelf.cards())
    assert isinstance(cards["broken"], ModelFileError)
    assert isinstance(cards["drums"], ModelCard)
    shelf.remove("broken")
    assert shelf.names() == ["drums"]
    with pytest.raises(UnknownName, match=r"no model 'drumz'.*near: drums"):
        shelf.load("drumz")


def test_shelf_passes_over_cut_off_writes_and_lists_files_of_any_name(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (tmp_path / ".woodshed-abc.safetensors").write_bytes(path.read_bytes()[:50])
    path.rename(tmp_path / "My model (2).safetensors")
    shelf = ModelShelf(tmp_path, shipped=tmp_path / "none")
    assert [(name, type(found)) for name, found in shelf.cards()] == [("My model (2)", ModelCard)]


def test_a_purpose_nobody_knows_is_a_damaged_card(tmp_path: Path) -> None:
    bent = card().model_dump_json().replace("generative-training", "anything")
    with pytest.raises(ModelFileError, match="card cannot be read"):
        read_card(rewritten(tmp_path / "p.safetensors", card=bent))


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "x" * 90, "nul\0"])
def test_names_that_no_file_should_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be called"):
        ModelShelf(tmp_path).path(name)


def test_the_way_back_fits_how_the_model_was_made() -> None:
    own, of_base = "a" * 32, "b" * 32
    base = BaseOfModel(name="starter", digest="d", sources=(SourceSound(content_id=of_base, name="s.wav"),))
    on_base = card().model_copy(update={"base": base})
    published = card().model_copy(update={"name": "starter", "licence": "Apache-2.0"})
    for model, refused, words in (
        (on_base, own, r"woodshed train drums --from 'all' --base starter\.$"),
        (on_base, of_base, r"its base starter learned from them, too.*woodshed train drums --from 'all'\.$"),
        (published, own, r"allow these sounds again with woodshed consent grant, or use another model"),
    ):
        with pytest.raises(ConsentRefused, match=words) as told:
            model.refuse_if({refused: "revoked by Ada"}, query="all")
        assert "train starter" not in str(told.value)


def test_withdrawn_sounds_are_named() -> None:
    with pytest.raises(
        ConsentRefused, match=r"'drums' learned from 1 sound.*k.wav \(aaaaaaaa\).*train it anew.*woodshed train drums"
    ):
        card().refuse_if({"a" * 32: "revoked by Ada"}, query="all")
