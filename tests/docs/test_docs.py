"""Docs execute: reference pages equal the code, examples run, links lead somewhere, everything is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs_src import reference
from docs_src.first_path import first_path

from tests.conftest import ROOT

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


@pytest.mark.parametrize(
    "name", sorted(["commands.md", "knobs.md", "descriptors.md", "errors.md", "licences.md", "families.md"])
)
def test_reference_pages_are_those_of_the_code(name: str) -> None:
    assert (reference.DOCS / name).read_text(encoding="utf-8") == reference.pages()[name], "run: make docs"


def test_the_first_path_in_python_runs(tmp_path: Path) -> None:
    paths = first_path(tmp_path, budget="8steps", preset="debug")
    assert len(paths) == 6
    assert all(path.is_file() for path in paths)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


def test_every_command_is_in_the_docs() -> None:
    from woodshed.cli.table import COMMANDS

    told = "\n".join(page.read_text(encoding="utf-8") for page in PAGES if "reference" not in page.parts)
    for name in COMMANDS:
        assert f"woodshed {name}" in told, name


def test_commands_in_pages_exist() -> None:
    from woodshed.cli.table import COMMANDS

    for page in PAGES:
        for name in re.findall(r"^(?:\$ )?woodshed ([a-z]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            assert name in COMMANDS, (page, name)
