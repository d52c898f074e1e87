"""The consent form as one HTML page: to print on A4, or to fill in on the screen and save as answers.

The page loads nothing and sends nothing; its few lines of script only write the answers into a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import escape

from woodshed.library.consent import form_words
from woodshed.library.consent.answers import NO_PUBLIC_LICENCE, ConsentAnswers
from woodshed.library.consent.purposes import Purpose

_STYLE = """
:root { --ink: #1c1a17; --soft: #6b655c; --line: #b9b1a4; --paper: #fff; --accent: #8a3b12; }
* { box-sizing: border-box; }
html { background: #ece8e1; }
body { font: 10.4pt/1.42 Georgia, "Times New Roman", serif; color: var(--ink); background: var(--paper);
  max-width: 210mm; margin: 8mm auto; padding: 16mm 18mm; }
h1 { font-size: 21pt; line-height: 1.15; margin: 0 0 2mm; letter-spacing: -.01em; }
h2 { font: 600 10.5pt/1.3 "Helvetica Neue", Arial, sans-serif; color: var(--accent); margin: 6mm 0 1.5mm;
  border-top: 1px solid var(--line); padding-top: 2mm; break-after: avoid; }
p { margin: 0 0 2mm; } .soft { color: var(--soft); font-size: 9.4pt; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 2mm 8mm; }
.fields .wide { grid-column: 1 / -1; }
label.field { display: block; font: 8.4pt/1.3 "Helvetica Neue", Arial, sans-serif; color: var(--soft); }
.field input { display: block; width: 100%; border: 0; border-bottom: 1px solid var(--ink); background: none;
  font: 11pt Georgia, serif; color: var(--ink); padding: 1.2mm 0 .6mm; border-radius: 0; min-height: 7mm; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding-bottom: 1.5mm; }
th, td { text-align: left; vertical-align: top; padding: 1.5mm 2mm 1.5mm 0; border-bottom: 1px solid #ddd6ca; }
thead th { font: 8.4pt/1.25 "Helvetica Neue", Arial, sans-serif; color: var(--soft); vertical-align: bottom; }
tbody th { font-weight: 600; width: 46mm; } tr, li, .choice { break-inside: avoid; }
td.tick, th.tick { text-align: center; width: 18mm; padding-right: 0; }
input[type=checkbox], input[type=radio] { width: 4.4mm; height: 4.4mm; margin: .2mm 0 0; accent-color: var(--accent); }
.choice { display: grid; grid-template-columns: 7mm 1fr; margin-bottom: 1.3mm; }
ul { margin: 0; padding-left: 5mm; } li { margin-bottom: .9mm; }
.sign { display: grid; grid-template-columns: 1fr 1fr 1.6fr; gap: 8mm; margin-top: 6mm; break-inside: avoid; }
.keep { break-inside: avoid; }
button { font: 600 10.5pt "Helvetica Neue", Arial, sans-serif; color: #fff; background: var(--accent); border: 0;
  padding: 2.5mm 5mm; border-radius: 1mm; cursor: pointer; margin-top: 5mm; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@page { size: A4; margin: 15mm 17mm 14mm; }
@media print { html { background: none; } body { margin: 0; padding: 0; max-width: none;
  font-size: 10pt; } th, td { padding-top: 1.1mm; padding-bottom: 1.1mm; } h2 { margin-top: 5mm; }
  .screen { display: none; }
  input[type=checkbox], input[type=radio] { appearance: none; border: 1px solid var(--ink); background: #fff; }
  input[type=radio] { border-radius: 50%; }
  input:checked { background: var(--ink); box-shadow: inset 0 0 0 .7mm #fff; -webkit-print-color-adjust: exact;
    print-color-adjust: exact; } }
@media (max-width: 640px) { body { margin: 0; padding: 6mm; } .fields, .sign { grid-template-columns: 1fr; } }
"""

_SCRIPT = """
const form = document.forms[0];
form.addEventListener("change", event => {
  if (event.target.dataset.purpose && event.target.checked)
    for (const box of form.querySelectorAll(`[data-purpose="${event.target.dataset.purpose}"]`))
      if (box !== event.target) box.checked = false;
});
form.addEventListener("submit", event => {
  event.preventDefault();
  const answers = {purposes: {}, licence: "", own_rights: form.elements.own_rights.checked};
  for (const box of form.querySelectorAll("[data-purpose]:checked")) answers.purposes[box.dataset.purpose] = box.value;
  for (const input of form.querySelectorAll(".field input")) if (input.value) answers[input.name] = input.value;
  const licence = form.querySelector("[name=licence]:checked");
  if (licence) answers.licence = licence.value;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answers, null, 1)], {type: "application/json"}));
  link.download = "consent-answers.json";
  link.click();
  URL.revokeObjectURL(link.href);
});
"""


def form_page(answers: ConsentAnswers, *, sound_names: Iterable[str] = ()) -> str:
    """The form as a whole HTML page, with what is known already filled in.

    Parameters
    ----------
    sound_names
        Names of the sounds it is about, printed as a list at the end.
    """
    body = "".join(
        (
            f"<h1>{form_words.TITLE}</h1><p>{form_words.INTRODUCTION}</p>",
            _people(answers),
            _purposes(answers),
            _conditions(answers),
            _licences(answers),
            _list("What stays mine", form_words.RIGHTS_KEPT),
            _list("How I take it back", form_words.WITHDRAWAL),
            _signature(answers),
            _names(list(sound_names)),
        )
    )
    button = '<p class="screen"><button type="submit">Save my answers</button></p>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{form_words.TITLE}</title>'
        f"<style>{_STYLE}</style></head><body><main><form>{body}{button}</form></main>"
        f"<script>{_SCRIPT}</script></body></html>\n"
    )


def _fields(labels: Mapping[str, str], answers: ConsentAnswers, *, wide: Collection[str] = ()) -> str:
    return "".join(_field(name, label, getattr(answers, name), wide=name in wide) for name, label in labels.items())


def _field(name: str, label: str, value: object, *, wide: bool) -> str:
    shown = escape("" if value is None else str(value), quote=True)
    css = "field wide" if wide else "field"
    return f'<label class="{css}">{label}<input type="text" name="{name}" value="{shown}"></label>'


def _people(answers: ConsentAnswers) -> str:
    fields = _fields(form_words.PEOPLE_LABELS, answers, wide=("receiver", "sounds"))
    return f'<h2>1. Who, and which sounds</h2><div class="fields">{fields}</div>'


def _purposes(answers: ConsentAnswers) -> str:
    rows = "".join(_purpose_row(purpose, answers.purposes.get(purpose)) for purpose in Purpose)
    heads = '<th scope="col">Use</th><th scope="col">What that means</th>'
    heads += '<th scope="col" class="tick">yes</th><th scope="col" class="tick">yes, if I am named</th>'
    return (
        f'<h2>2. What I allow</h2><table><caption class="soft">One tick a line at most. No tick means no.</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _purpose_row(purpose: Purpose, answer: str | None) -> str:
    title, meaning = form_words.PURPOSE_QUESTIONS[purpose]
    cells = "".join(
        f'<td class="tick"><input type="checkbox" data-purpose="{purpose}" value="{value}" '
        f'aria-label="{title}: {form_words.ANSWERS[value]}"{" checked" if answer == value else ""}></td>'
        for value in ("yes", "credit")
    )
    return f'<tr><th scope="row">{title}</th><td>{meaning}</td>{cells}</tr>'


def _conditions(answers: ConsentAnswers) -> str:
    fields = _fields(form_words.HOW_LABELS, answers, wide=("conditions",))
    return f'<section class="keep"><h2>3. How</h2><div class="fields">{fields}</div></section>'


def _licences(answers: ConsentAnswers) -> str:
    choices = "".join(
        f'<label class="choice"><input type="radio" name="licence" value="{option.spdx_id or NO_PUBLIC_LICENCE}"'
        f"{' checked' if answers.licence == (option.spdx_id or NO_PUBLIC_LICENCE) else ''}>"
        f"<span><b>{option.title}.</b> {option.meaning}</span></label>"
        for option in form_words.LICENCE_OPTIONS
    )
    return f'<h2>4. Licence</h2><p class="soft">{form_words.LICENCE_HINT}</p>{choices}'


def _list(title: str, sentences: Iterable[str]) -> str:
    number = {"What stays mine": 5, "How I take it back": 6}[title]
    lines = "".join(f"<li>{sentence}</li>" for sentence in sentences)
    return f'<section class="keep"><h2>{number}. {title}</h2><ul>{lines}</ul></section>'


def _signature(answers: ConsentAnswers) -> str:
    checked = " checked" if answers.own_rights else ""
    fields = _fields(form_words.SIGNATURE_LABELS, answers)
    return (
        f'<section class="keep"><h2>7. My word</h2>'
        f'<label class="choice"><input type="checkbox" name="own_rights"{checked}>'
        f'<span>{form_words.OWN_RIGHTS}</span></label><div class="sign">{fields}</div>'
        f'<p class="soft" style="margin-top:5mm">{form_words.NO_ADVICE}</p></section>'
    )


def _names(names: list[str]) -> str:
    if not names:
        return ""
    lines = "".join(f"<li>{escape(name)}</li>" for name in names)
    return f'<h2>Sounds this form is about ({len(names)})</h2><ul class="soft">{lines}</ul>'
