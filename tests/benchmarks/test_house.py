"""The drawing of the house: it sees circles and upward arrows where there are some, and none in ours."""

from __future__ import annotations

from pathlib import Path

from benchmarks._house import circles, imports, upward_arrows

from tests.conftest import ROOT


def write(folder: Path, files: dict[str, str]) -> Path:
    source = folder / "woodshed"
    for name, text in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return source


def test_a_circle_and_an_upward_arrow_are_seen(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        {
            "__init__.py": "",
            "dsp/__init__.py": "",
            "dsp/a.py": "from woodshed.dsp.b import x",
            "dsp/b.py": "def f():\n    from woodshed.dsp import a",
            "base/__init__.py": "from woodshed.dsp.a import x",
            "sound/__init__.py": "from woodshed.dsp import a",
        },
    )
    graph = imports(source)
    assert circles(graph) == [["woodshed.dsp.a", "woodshed.dsp.b"]]
    assert upward_arrows(graph) == [("woodshed.base", "woodshed.dsp.a")]


def test_ours_has_neither() -> None:
    graph = imports(ROOT / "src" / "woodshed")
    assert len(graph) > 100
    assert circles(graph) == []
    assert upward_arrows(graph) == []
