"""Write the reference pages from the code: `python -m docs_src.reference` writes, with `--check` only compares."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.testing import CliRunner

DOCS = Path(__file__).resolve().parents[1] / "docs" / "reference"
HEAD = "<!-- Written by `make docs` from the code; do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """Every reference page by file name."""
    return {
        "commands.md": commands_page(),
        "knobs.md": knobs_page(),
        "descriptors.md": descriptors_page(),
        "errors.md": errors_page(),
        "licences.md": licences_page(),
        "families.md": families_page(),
    }


def commands_page() -> str:
    """The help of every command."""
    parts = [HEAD, "# Commands\n"]
    for name, text in _helps():
        parts.append(f"\n## woodshed {name}\n\n```text\n{text}\n```\n".replace("## woodshed \n", "## woodshed\n"))
    return "".join(parts)


def _helps() -> Iterator[tuple[str, str]]:
    from woodshed.cli.app import app
    from woodshed.cli.table import COMMANDS

    yield "", _help(app, [])
    for name, (module, _) in COMMANDS.items():
        command = typer.main.get_command(importlib.import_module(module).app)
        yield name, _help(app, [name])
        for sub in getattr(command, "commands", {}):
            yield f"{name} {sub}", _help(app, [name, sub])


def _help(app: typer.Typer, words: list[str]) -> str:
    env = {
        "COLUMNS": "100",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "TERMINAL_WIDTH": "100",
        "_TYPER_FORCE_DISABLE_TERMINAL": "1",
    }
    result = CliRunner().invoke(app, [*words, "--help"], prog_name="woodshed", env=env)
    if result.exit_code:
        raise RuntimeError(f"woodshed {' '.join(words)} --help failed: {result.output}")
    text = re.sub(r"\x1b\[[0-9;]*m", "", result.output)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def knobs_page() -> str:
    """Every task's knobs."""
    from woodshed.workspace.knobs import TABLES

    parts = [HEAD, "# Knobs\n\nOne table per task; flags, forms and Python arguments come from it.\n"]
    for task, table in TABLES.items():
        parts.append(
            f"\n## {task}\n\n| knob | from | to | default | unit | what it does |\n|---|---|---|---|---|---|\n"
        )
        for knob in table.knobs:
            low, high = knob.stops or ("", "")
            low = " or ".join(knob.choices) or low
            default = "(none)" if knob.default is None else knob.default
            parts.append(f"| `{knob.name}` | {low} | {high} | {default} | {knob.unit} | {knob.help} |\n")
    return "".join(parts)


def descriptors_page() -> str:
    """The descriptor vector."""
    from woodshed.dsp import DESCRIPTORS

    head = f"# Descriptors\n\nThe {len(DESCRIPTORS)} values that describe a sound, in their order.\n\n"
    rows = "".join(f"| `{d.name}` | {d.unit or '-'} | {d.help} |\n" for d in DESCRIPTORS)
    return f"{HEAD}{head}| name | unit | what it says |\n|---|---|---|\n{rows}"


def errors_page() -> str:
    """The tree of errors with exit codes."""
    from woodshed.base import errors
    from woodshed.cli.app import FURTHER_CODES

    tree = (errors.__doc__ or "").strip()
    return f"{HEAD}# Errors and exit codes\n\n```text\n{tree}\n```\n\nFurther codes: {FURTHER_CODES}.\n"


def licences_page() -> str:
    """What each licence says to each purpose."""
    from woodshed.library.consent import LICENCES, Purpose

    head = "# Licences\n\nWhat a licence says to each purpose. Anything that is not in this table is not allowed.\n\n"
    columns = [purpose.value for purpose in Purpose]
    lines = [f"| licence | {' | '.join(columns)} |\n", "|---" * (len(columns) + 1) + "|\n"]
    for spdx, licence in LICENCES.items():
        said = [
            licence.permissions[purpose].value if purpose in licence.permissions else "not-allowed"
            for purpose in Purpose
        ]
        lines.append(f"| {spdx} | {' | '.join(said)} |\n")
    return HEAD + head + "".join(lines)


def families_page() -> str:
    """Families, presets and papers."""
    from woodshed.roles import FAMILIES, family_class

    parts = [HEAD, "# Families of models\n"]
    for name in FAMILIES:
        kind = family_class(name)
        parts.append(f"\n## {name}\n\nRole: {kind.role}. Presets: {', '.join(kind.PRESETS)}.\n\n")
        parts.append(re.sub(r"\n {4}", "\n", (kind.__doc__ or "").strip()) + "\n\n")
        parts += [f"- {paper}\n" for paper in kind.REFERENCES]
    return "".join(parts)


def main() -> int:
    """Write or compare all pages."""
    check = "--check" in sys.argv
    stale = []
    for name, text in pages().items():
        path = DOCS / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                DOCS.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    sys.stderr.write(f"{'stale' if check else 'written'}: {', '.join(stale) or 'none'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
