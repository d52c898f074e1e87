"""The commands by name: where each lives, and its line in `woodshed --help`. Strings only."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("woodshed.cli.demo", "From nothing to new sounds and a page about them, in minutes."),
    "library": ("woodshed.cli.library", "Sounds you may use: add, ls, show, relabel, rm, relocate, verify."),
    "consent": ("woodshed.cli.consent", "Who allowed what: grant, revoke, explain, verify, forms."),
    "train": ("woodshed.cli.train", "Train a model on sounds of the library."),
    "distil": ("woodshed.cli.distil", "Make a faster model out of one, from its own sounds."),
    "runs": ("woodshed.cli.runs", "Trainings, past and under way: ls, show, set, stop."),
    "generate": ("woodshed.cli.generate", "Make new sounds with a model."),
    "vary": ("woodshed.cli.vary", "Make variations of a sound."),
    "blend": ("woodshed.cli.blend", "Make the sounds between two sounds or more."),
    "guide": ("woodshed.cli.guide", "Make new sounds pulled towards a class, a spectrum, onsets, a sound, a loss."),
    "morph": ("woodshed.cli.morph", "Make a grid of sounds between two, three or four."),
    "inpaint": ("woodshed.cli.inpaint", "Draw regions of a sound anew; the rest stays."),
    "extend": ("woodshed.cli.extend", "Make a sound longer; the sound itself stays."),
    "combine": ("woodshed.cli.combine", "Add and subtract sounds: a - b + c."),
    "loop": ("woodshed.cli.loop", "Make recordings seamless, at their own length or to a tempo and bars."),
    "mix": ("woodshed.cli.mix", "Make the mean of two or more sounds; needs no model."),
    "cross": ("woodshed.cli.cross", "Give one sound's fine structure the envelope of another; needs no model."),
    "restore": ("woodshed.cli.restore", "Give a sound back lost peaks or a lost top; a model may help."),
    "evaluate": ("woodshed.cli.evaluate", "Measure how good and how new a model's sounds are."),
    "memorisation": ("woodshed.cli.memorisation", "Find out whether a model copies the sounds that taught it."),
    "models": ("woodshed.cli.models", "Trained models: ls, show, card, blend, rm."),
    "show": ("woodshed.cli.show", "Show a sound file: facts, pictures, receipt."),
    "cite": ("woodshed.cli.cite", "Papers and source sounds behind an output, with their owners."),
    "kit": ("woodshed.cli.kit", "Make a starter kit of drums, basses and loops (CC0)."),
    "doctor": ("woodshed.cli.doctor", "What works on this machine, what does not, and how to mend it."),
}
