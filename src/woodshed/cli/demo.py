"""`woodshed demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.options import AsJson
from woodshed.cli.render import emit, progress, say

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    sounds: Annotated[Path | None, typer.Option(help="A folder of sounds; without it a starter kit is made.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="The sounds in the folder are mine to train on.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for everything the demo writes.")] = Path("demo"),
    minutes: Annotated[float, typer.Option(min=0.05, max=600, help="Minutes of training.")] = 3.0,
    seed: Annotated[int, typer.Option(help="Another seed, other sounds.")] = 1,
    preset: Annotated[str, typer.Option(help="Size of the model.")] = "laptop",
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in your browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """From nothing to 16 new sounds, 4 variations, a blend, figures, and one page that plays them all.

    Example: woodshed demo --sounds ~/Samples/Drums --mine
    """
    from woodshed.workspace import DemoOrder, run_demo_in

    order = DemoOrder(folder=out, sounds=sounds, mine=mine, minutes=minutes, seed=seed, preset=preset)
    with progress(as_json) as on_event:
        report = run_demo_in(order, on_event=on_event)

    def table() -> None:
        say(report.verdict)
        say(f"Page: {report.page.absolute()}")

    emit(report, as_json, table)
    if show and not as_json:
        from woodshed.cli.browser import open_page

        open_page(report.page)
