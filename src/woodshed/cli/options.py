"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspaceFolder = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        envvar="WOODSHED_WORKSPACE",
        help="Folder that holds library, models and runs; without it, your user data folder.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
OutFolder = Annotated[Path, typer.Option("--out", "-o", help="Folder for the sounds.")]
