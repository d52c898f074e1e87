"""`woodshed train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.options import AsJson, WorkspaceFolder
from woodshed.cli.render import emit, progress, say

app = typer.Typer(add_completion=False)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="What the model shall be called.")],
    query: Annotated[
        str | None,
        typer.Option(
            "--from", help="Which sounds: all, class:kick,snare, group:x, path:*dry*, -class:fx.", show_default="all"
        ),
    ] = None,
    base: Annotated[str | None, typer.Option(help="A model to begin from: 20 to 100 own sounds are enough.")] = None,
    family: Annotated[
        str | None,
        typer.Option(
            help="Family of model: band-flow for hits, loop-flow for loops; latent-flow, wave-unet, mel-listener.",
            show_default="band-flow",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Size of the model: debug, laptop or gpu (band-flow: studio between them).", show_default="laptop"
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="How long: 3m, 1h, 10m-cpu (processor time) or 2000steps.", show_default="3m")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=8000, max=192000, help="Sample rate in Hz; without it the most common one.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="The same seed and sounds give the same model on the same machine.", show_default="0"),
    ] = None,
    held_out: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=0.5, help="Share of groups kept for judging; of few on a base none.", show_default="0.15"
        ),
    ] = None,
    copy_report: Annotated[
        bool | None,
        typer.Option(
            "--copy-report/--no-copy-report",
            help="Look for copies at the end; picks the weights too.",
            show_default="on",
        ),
    ] = None,
    adapt: Annotated[str | None, typer.Option(help="With --base: full or low-rank.", show_default="full")] = None,
    rank: Annotated[int | None, typer.Option(help="Rank of a low-rank adaptation.", show_default="8")] = None,
    settings: Annotated[Path | None, typer.Option(help="TOML or JSON file with settings.")] = None,
    like: Annotated[str | None, typer.Option(help="A run or model whose settings to take.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, like close=0.3 or learning_rate=1e-3; may come again."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an earlier run of this name.")] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Start over, even where an earlier run of this name is not finished.")
    ] = False,
    workspace: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on sounds whose owners allow it. Ctrl-C, or kill (SIGTERM), stops early and keeps a usable
    model: exit code 0, and --resume goes on. Before the first step, or a second time, it ends at once: 130 or 143.

    Settings come in layers, of which the last wins: preset, --settings FILE, --like RUN, flags.

    Example: woodshed train drums --from class:kick,snare --budget 5m
    """
    from woodshed.workspace import Workspace, parse_setting

    own = Workspace(workspace)
    flags = {"query": query, "base": base, "family": family, "preset": preset, "budget": budget, "rate_hz": rate}
    flags |= {"seed": seed, "held_out": held_out, "copy_report": copy_report, "adapt": adapt, "rank": rank}
    given = {key: value for key, value in flags.items() if value is not None}
    order = own.order(name, flags=dict(map(parse_setting, set_ or [])) | given, settings_file=settings, like=like or "")
    with progress(as_json) as on_event:
        report = own.train(order, resume=resume, anew=anew, on_event=on_event)

    def table() -> None:
        say(f"{report.verdict}")
        held_out = f"{report.held_out} of other groups were" if report.held_out else "none was"
        say(f"Learned from {report.sounds} sounds; {held_out} held out for judging.")
        say(f"Model: {report.path}")
        if report.card.training and report.card.training.stopped_early:
            say(f"Go on where it stopped: woodshed train {name} --resume")
        taught = dict.fromkeys(source.class_name for source in report.card.sources if source.class_name)
        whose = "each" if len(taught) == len(report.card.classes) else next(iter(taught), "each")
        say(f"Next: woodshed generate {name} --class {whose} --count 16, woodshed evaluate {name}")

    emit(report, as_json, table)
