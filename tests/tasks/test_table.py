"""Every verb of the room is in the table, on the command line and in the docs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT
from woodshed.artifacts.verb import Verb
from woodshed.base.errors import UnknownName
from woodshed.cli.table import COMMANDS
from woodshed.tasks.table import VERBS, verb_named
from woodshed.workspace.knobs import TABLES

TASKS = ROOT / "src" / "woodshed" / "tasks"


def homes() -> set[str]:
    """Every module of the room that holds a ``VERB``, as the table would name it."""
    return {
        f"woodshed.{'.'.join(path.relative_to(TASKS.parent).with_suffix('').parts)}:VERB"
        for path in TASKS.rglob("*.py")
        if any(
            isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VERB"
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    }


def told() -> str:
    pages = [page for page in (ROOT / "docs").rglob("*.md") if "reference" not in page.parts]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_the_table_and_the_room_agree() -> None:
    assert set(VERBS.values()) == homes()


@pytest.mark.parametrize("name", list(VERBS))
def test_every_verb_is_a_command_and_documented(name: str) -> None:
    verb = verb_named(name)
    assert isinstance(verb, Verb)
    assert verb.name == name == verb.knobs.task
    assert verb.most is None or verb.least <= verb.most
    assert COMMANDS[name][0] == f"woodshed.cli.{name}"
    assert (Path(ROOT) / "src" / "woodshed" / "cli" / f"{name}.py").is_file()
    assert f"woodshed {name}" in told()
    assert TABLES[name] is verb.knobs


def test_an_unknown_verb_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no verb 'bland'.*near: blend"):
        verb_named("bland")
