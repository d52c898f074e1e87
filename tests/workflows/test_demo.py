"""The demo, small: everything it promises is there, and it writes only under its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from woodshed.artifacts import read_receipt
from woodshed.base.errors import ConsentRefused, TrainingFailed, UsageError
from woodshed.base.events import Event, Progress
from woodshed.kit import make_kit
from woodshed.sound import probe_sound, read_sound, write_sound
from woodshed.workspace import DemoOrder, run_demo_in


@pytest.fixture(scope="module")
def own_sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    make_kit(folder, seed=9, count_per_class=4, loops=0, jobs=1)
    (folder / "manifest.csv").unlink()  # own folders have none
    for path in folder.rglob("Kick*.wav"):
        write_sound(path, read_sound(path).resampled(48000))
    (folder / "notes.txt").write_text("not a sound")
    return folder


@pytest.mark.timeout(900)  # the whole path takes forty seconds of a processor of its own
def test_demo_on_own_sounds(own_sounds: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    out = tmp_path / "demo"
    order = DemoOrder(folder=out, sounds=own_sounds, mine=True, minutes=0.05, preset="debug")
    before = set(tmp_path.iterdir())
    report = run_demo_in(order, on_event=events.append)
    assert set(tmp_path.iterdir()) - before == {out}
    assert len(report.made) == 16
    assert len(report.varied) == 4
    assert len(report.blended) == 5
    for path in (*report.made, *report.varied, *report.blended):
        assert probe_sound(path).frames > 0
        assert path.with_name(path.name + ".json").is_file()
    owners = {part.owner for path in (*report.varied, *report.blended) for part in read_receipt(path).inputs}
    assert "owner unknown" not in owners, "converted sounds are still those of the library"
    borrowed = [read_receipt(path).lenders for path in (*report.made, *report.varied, *report.blended)]
    assert not any(borrowed), "the demo borrows nothing, as its settings and receipts say"
    page = report.page.read_text()
    takes = [taken for path in report.made if (taken := read_receipt(path).take_words())]
    assert takes, "a quarter of what is made of so few sounds"
    assert all(f"a further take of {taken}" in page for taken in takes)
    assert "lent by" not in page
    for words in (
        "Made beside real",
        "Variations",
        "A blend in five steps",
        "How good, and how new",
        "woodshed generate demo",
    ):
        assert words in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert (out / "evaluation" / "index.html").is_file()
    assert any(isinstance(event, Progress) and event.stage == "training" for event in events)
    assert report.verdict


def test_demo_stops_without_a_grant(own_sounds: Path, tmp_path: Path) -> None:
    with pytest.raises(ConsentRefused, match=r"Nobody said whose sounds.*MINE=1"):
        run_demo_in(DemoOrder(folder=tmp_path / "d", sounds=own_sounds))
    assert not (tmp_path / "d").exists(), "what is refused leaves nothing behind"


def test_demo_on_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        run_demo_in(DemoOrder(folder=tmp_path / "d", sounds=tmp_path / "none", mine=True))


def test_each_folder_of_sounds_has_a_workspace_of_its_own(tmp_path: Path) -> None:
    for name in ("a/Drums", "b/Drums"):
        (tmp_path / name).mkdir(parents=True)
        with pytest.raises(TrainingFailed, match=rf"{name} holds no sounds.*the folder is empty.*choose a folder with"):
            run_demo_in(DemoOrder(folder=tmp_path / "d", sounds=tmp_path / name, mine=True))
    assert len(list((tmp_path / "d").glob("workspace-Drums-*"))) == 2
