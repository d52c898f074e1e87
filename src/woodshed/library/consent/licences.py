"""What a licence says to each purpose, as one table by SPDX id, and how the usual spellings are read.

A licence is a fact about a sound, not the owner's word on learning: where it is silent or narrow, only an explicit
grant by the owner helps. The table is deliberately plain: one of five classes for every licence.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from woodshed.library.consent.purposes import Permission, Purpose

_DEGREE = {Permission.NOT_ALLOWED: 0, Permission.CONSTRAINED: 1, Permission.ALLOWED: 2}
_ALL_ALLOWED = MappingProxyType(dict.fromkeys(Purpose, Permission.ALLOWED))
_CREDITED = MappingProxyType(dict.fromkeys(Purpose, Permission.CONSTRAINED))
_NOTICE = MappingProxyType({**_ALL_ALLOWED, Purpose.SHARE_AUDIO: Permission.CONSTRAINED})
_REFUSED = MappingProxyType(dict.fromkeys(Purpose, Permission.NOT_ALLOWED))


@dataclass(frozen=True)
class Licence:
    """One row of the table.

    ``known`` is False only for text that names no licence of the table: it counts as silence, not as the owner's no.
    ``why`` is one sentence for a person.
    """

    spdx_id: str
    title: str
    permissions: Mapping[Purpose, Permission]
    why: str
    known: bool = True

    @property
    def needs_credit(self) -> bool:
        """True where a line naming the maker must travel with models and outputs."""
        return Permission.CONSTRAINED in self.permissions.values()


def _free(spdx_id: str, title: str) -> Licence:
    return Licence(spdx_id, title, _ALL_ALLOWED, "the maker gave up or opened all rights")


def _notice(spdx_id: str, title: str) -> Licence:
    return Licence(spdx_id, title, _NOTICE, "every use is free; who passes the audio on keeps the maker's notice")


def _credit(spdx_id: str, title: str) -> Licence:
    return Licence(spdx_id, title, _CREDITED, "every use is free as long as the maker is credited")


def _closed(spdx_id: str, title: str, why: str) -> Licence:
    return Licence(spdx_id, title, _REFUSED, why)


_SHARE_ALIKE = "share-alike: what is made from it must carry the same licence, which a model cannot promise"
_NON_COMMERCIAL = "non-commercial: nobody can promise that for every later output"
_NO_DERIVATIVES = "no derivatives: making something new from it is what the licence forbids"
_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
_BOTH_NC = "non-commercial, with a further limit on what is made from it"

_ROWS = (
    _free("LicenseRef-Public-Domain", "Public domain"),
    _free("PDDL-1.0", "Open Data Commons Public Domain Dedication"),
    _free("CC0-1.0", "Creative Commons Zero"),
    _free("Unlicense", "The Unlicense"),
    _free("0BSD", "BSD Zero Clause"),
    _notice("MIT", "MIT"),
    _notice("BSD-2-Clause", "BSD 2-Clause"),
    _notice("BSD-3-Clause", "BSD 3-Clause"),
    *(_credit(f"CC-BY-{v}", f"Creative Commons Attribution {v}") for v in ("3.0", "4.0")),
    *(_closed(f"CC-BY-SA-{v}", f"Creative Commons Attribution-ShareAlike {v}", _SHARE_ALIKE) for v in _VERSIONS),
    *(_closed(f"CC-BY-NC-{v}", f"Creative Commons NonCommercial {v}", _NON_COMMERCIAL) for v in _VERSIONS),
    *(_closed(f"CC-BY-ND-{v}", f"Creative Commons NoDerivatives {v}", _NO_DERIVATIVES) for v in _VERSIONS),
    *(_closed(f"CC-BY-NC-SA-{v}", f"CC NonCommercial-ShareAlike {v}", _BOTH_NC) for v in _VERSIONS),
    *(_closed(f"CC-BY-NC-ND-{v}", f"CC NonCommercial-NoDerivatives {v}", _BOTH_NC) for v in _VERSIONS),
    _closed("CC-Sampling-Plus-1.0", "Creative Commons Sampling Plus 1.0", "it limits commercial use of the whole"),
    _closed("LicenseRef-Proprietary", "All rights reserved", "all rights are kept by the owner"),
)

LICENCES: Mapping[str, Licence] = MappingProxyType({row.spdx_id: row for row in _ROWS})
PROPRIETARY = "LicenseRef-Proprietary"

_PLAIN = {
    "publicdomain": "LicenseRef-Public-Domain",
    "licenserefpublicdomain": "LicenseRef-Public-Domain",
    "publicdomain10": "LicenseRef-Public-Domain",
    "pd": "LicenseRef-Public-Domain",
    "pdm": "LicenseRef-Public-Domain",
    "pddl": "PDDL-1.0",
    "pddl10": "PDDL-1.0",
    "cc0": "CC0-1.0",
    "cc0v1": "CC0-1.0",
    "cc0v10": "CC0-1.0",
    "cc010": "CC0-1.0",
    "cczero": "CC0-1.0",
    "cczero10": "CC0-1.0",
    "creativecommonszero": "CC0-1.0",
    "creativecommons0": "CC0-1.0",
    "unlicense": "Unlicense",
    "0bsd": "0BSD",
    "mit": "MIT",
    "mitx11": "MIT",
    "expat": "MIT",
    "bsd2clause": "BSD-2-Clause",
    "bsd2": "BSD-2-Clause",
    "simplifiedbsd": "BSD-2-Clause",
    "bsd3clause": "BSD-3-Clause",
    "bsd3": "BSD-3-Clause",
    "newbsd": "BSD-3-Clause",
    "modifiedbsd": "BSD-3-Clause",
    "ccsamplingplus10": "CC-Sampling-Plus-1.0",
    "samplingplus": "CC-Sampling-Plus-1.0",
    "samplingplus10": "CC-Sampling-Plus-1.0",
    "allrightsreserved": PROPRIETARY,
    "proprietary": PROPRIETARY,
    "licenserefproprietary": PROPRIETARY,
    "copyrighted": PROPRIETARY,
    "commercial": PROPRIETARY,
}
_CLAUSES = {"attribution": "by", "noncommercial": "nc", "noderivatives": "nd", "noderivs": "nd", "sharealike": "sa"}


@functools.lru_cache(maxsize=4096)
def classify_licence(text: str | None) -> Licence:
    """The row of the table that a licence text means; what names none is unknown, hence not allowed.

    Spelling is forgiven (case, spaces, hyphens, "licence", Creative Commons addresses and long names), content is
    not: a word that is left over makes the text unknown. ``A OR B`` takes the more open answer to each purpose,
    ``A AND B``, ``A WITH exception`` and anything in brackets the narrower one.

    Examples
    --------
    >>> classify_licence("cc by 4.0").spdx_id
    'CC-BY-4.0'
    >>> classify_licence("CC0").permissions[Purpose.GENERATIVE_TRAINING]
    <Permission.ALLOWED: 'allowed'>
    >>> classify_licence("free for my friends").known
    False
    """
    words = " ".join((text or "").split())
    terms = re.split(r" (?:OR|AND|WITH) ", words)
    if len(terms) == 1:
        return LICENCES.get(words) or _by_spelling(words) or _unknown(words)
    if "(" in words or " WITH " in words:  # no guess about what belongs together: the narrowest of all
        return _combined([classify_licence(term.strip("() ")) for term in terms], words, widest=False)
    choices = [_all_of(choice.split(" AND ")) for choice in words.split(" OR ")]
    return choices[0] if len(choices) == 1 else _combined(choices, " OR ".join(c.spdx_id for c in choices), widest=True)


def _all_of(terms: list[str]) -> Licence:
    rows = [classify_licence(term) for term in terms]
    return rows[0] if len(rows) == 1 else _combined(rows, " AND ".join(row.spdx_id for row in rows), widest=False)


def _combined(rows: list[Licence], spdx_id: str, *, widest: bool) -> Licence:
    pick = max if widest else min
    permissions = {
        purpose: pick((row.permissions[purpose] for row in rows), key=_DEGREE.__getitem__) for purpose in Purpose
    }
    known = any(row.known for row in rows) if widest else all(row.known for row in rows)
    why = "; ".join(dict.fromkeys(row.why for row in rows if row.known or not known))
    return Licence(spdx_id, spdx_id, MappingProxyType(permissions), why, known=known)


def _by_spelling(words: str) -> Licence | None:
    lowered = re.sub(r"^https?://(www\.)?", "", words.strip().strip("()").lower()).rstrip("/.")
    lowered = re.sub(r"^creativecommons\.org/publicdomain/zero/1\.0(/.*)?$", "cc0", lowered)
    lowered = re.sub(r"^creativecommons\.org/publicdomain/mark/1\.0(/.*)?$", "public domain", lowered)
    lowered = re.sub(r"^creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)(/.*)?$", r"cc-\1-\2", lowered)
    lowered = re.sub(r"\b(the|licen[cs]ed?|version|international|universal|unported|dedication|mark)\b", " ", lowered)
    squeezed = re.sub(r"[^a-z0-9]", "", lowered.replace("creative commons", "creativecommons"))
    if squeezed in _PLAIN:
        return LICENCES[_PLAIN[squeezed]]
    return _creative_commons(squeezed)


def _creative_commons(squeezed: str) -> Licence | None:
    for long, short in _CLAUSES.items():
        squeezed = squeezed.replace(long, short)
    squeezed = re.sub(r"^creativecommons(cc)?", "cc", squeezed)
    found = re.fullmatch(r"(?:cc)?by((?:nc|nd|sa)*)v?(\d?)(\d?)", squeezed)
    if found is None:
        return None
    clauses = [clause for clause in ("nc", "sa", "nd") if clause in found[1]]
    # without a version the newest is meant; what matters here is the same in 3.0 and 4.0
    version = f"{found[2]}.{found[3] or 0}" if found[2] else "4.0"
    return LICENCES.get("-".join(["CC-BY", *(c.upper() for c in clauses), version]))


def _unknown(words: str) -> Licence:
    shown = words if words else "no licence"
    return Licence(words or "NONE", shown, _REFUSED, f"{shown!r} is no licence of the table", known=False)
