"""The words of the consent form, in one place for the text and the printed page."""

from __future__ import annotations

from dataclasses import dataclass

from woodshed.library.consent.purposes import Purpose

TITLE = "Permission to use my sounds"
INTRODUCTION = (
    "Woodshed is a set of audio tools that learn from recordings. It uses a recording only for what its maker has "
    "allowed. On this form you say what is allowed for yours. Every box you leave empty means no."
)
PURPOSE_QUESTIONS: dict[Purpose, tuple[str, str]] = {
    Purpose.DATA_MINING: (
        "Measure my sounds",
        "Work out tempo, key, loudness and the like, and count them together with other sounds.",
    ),
    Purpose.AI_INFERENCE: (
        "Use my sounds as an input",
        "Give a sound to a finished model, for example to make a variation of it. The model does not learn from it.",
    ),
    Purpose.AI_TRAINING: (
        "Train tools that listen or edit",
        "Teach a model that recognises, sorts, cleans or edits sound. It makes no new sounds of its own.",
    ),
    Purpose.GENERATIVE_TRAINING: (
        "Train models that make new sounds",
        "Teach a model that makes new sounds in the manner of what it has heard.",
    ),
    Purpose.FINGERPRINT: (
        "Keep a fingerprint",
        "Store a short code that finds my sound again inside other recordings. Nobody can listen to it.",
    ),
    Purpose.SEPARATE: ("Take my sounds apart", "Split a mix into its instruments and voices."),
    Purpose.RESYNTHESISE: (
        "Lend fine structure to new sounds",
        "Let new sounds borrow the grain of mine: small traces of my recording can then be in them. Each such sound "
        "names me as the lender.",
    ),
    Purpose.SHARE_AUDIO: ("Pass on the recordings", "Give copies of my recordings to other people."),
    Purpose.SHARE_WEIGHTS: ("Pass on the models", "Give models that have learned from my sounds to other people."),
    Purpose.SELL_OUTPUTS: (
        "Sell the results",
        "Sell new sounds, or music made with them, that come from models which have learned from my sounds.",
    ),
}
ANSWERS = {
    "yes": "yes",
    "credit": "yes, if I am named",
    "no": "no",
}


@dataclass(frozen=True)
class LicenceOption:
    """One choice about a public licence, explained in plain words. ``spdx_id`` None: no public licence at all."""

    spdx_id: str | None
    title: str
    meaning: str


LICENCE_OPTIONS = (
    LicenceOption(
        None,
        "No public licence",
        "All rights stay with me. Only the people named on this form may use the sounds, and only as ticked above.",
    ),
    LicenceOption(
        "CC0-1.0",
        "CC0: give it to everyone",
        "Anyone may use the sounds for anything, forever, without naming me. I cannot take a public gift back.",
    ),
    LicenceOption(
        "CC-BY-4.0",
        "CC BY: everyone, with my name",
        "Anyone may use the sounds for anything as long as they name me. It cannot be taken back either.",
    ),
    LicenceOption(
        "CC-BY-SA-4.0",
        "CC BY-SA: with my name, shared alike",
        "As CC BY, but what is made from the sounds must carry the same licence. Woodshed learns from such sounds only "
        "where I tick the boxes above.",
    ),
    LicenceOption(
        "CC-BY-NC-4.0",
        "CC BY-NC: with my name, no business",
        "As CC BY, but not for money. Woodshed learns from such sounds only where I tick the boxes above.",
    ),
)
RIGHTS_KEPT = (
    "The sounds stay mine. This form gives a permission; it does not sell or hand over any right.",
    "I may go on using, selling and licensing my sounds anywhere else. The permission is not exclusive.",
    "The permission is for the people named here. They may not give it to others unless I tick that box.",
    "I may ask at any time which models have learned from my sounds and what was made with them, and get an answer.",
    "If I asked to be named, my name travels with every model and every sound it makes.",
)
WITHDRAWAL = (
    "I can take this permission back at any time, for all sounds or some, for all boxes or some, without a reason: a "
    "message to the people named here is enough.",
    "From then on nothing new is trained on those sounds, and every model that has learned from them stops making "
    "sounds until it is trained again without them.",
    "What was given to others before cannot be called back from their computers. I will be told what that is.",
    "A permission with an end date ends on that day by itself.",
)
NO_ADVICE = (
    "This form is written to be understood. It is not legal advice, and it replaces no contract. If much depends on "
    "it, show it to someone who knows the law where you live."
)
OWN_RIGHTS = "I made these sounds myself, or I hold the rights in them and may give this permission."
LICENCE_HINT = "The ticks above decide what Woodshed does; a licence tells everybody else."
CONDITIONS = "Anything else (a wish that software cannot keep by itself counts as no until you have agreed on it)"
PEOPLE_LABELS = {
    "maker": "Maker of the sounds (name)",
    "contact": "How to reach me",
    "receiver": "Who may use them (names)",
    "sounds": "Which sounds (record, folder, list, date)",
}
HOW_LABELS = {
    "credit": "Name me like this",
    "expires_on": "It ends on (2030-12-31; empty: until I take it back)",
    "conditions": CONDITIONS,
}
SIGNATURE_LABELS = {
    "place": "Place",
    "signed_on": "Date (year-month-day)",
    "signature": "Signature (typed, or 'on paper')",
}
