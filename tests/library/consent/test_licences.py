"""Licence texts as people spell them, and the documented table."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from woodshed.library.consent import LICENCES, Permission, Purpose, classify_licence

TRAIN = Purpose.GENERATIVE_TRAINING

SPELLINGS = {
    "CC0-1.0": ["CC0", "cc0", "CC 0", "CC0 1.0 Universal", "cc-zero", "Creative Commons Zero", "Creative Commons 0",
                "http://creativecommons.org/publicdomain/zero/1.0/", "CC0 licence", "CC0 v1.0"],
    "LicenseRef-Public-Domain": ["public domain", "Public-Domain", "PD", "LicenseRef-Public-Domain", "publicdomain",
                                 "Public Domain Mark 1.0"],
    "CC-BY-4.0": ["cc by 4.0", "CC-BY-4.0", "CC BY", "CCBY4.0", "Creative Commons Attribution 4.0 International",
                  "https://creativecommons.org/licenses/by/4.0/", "cc_by_4", "Attribution 4.0", "CC BY (4.0)"],
    "CC-BY-3.0": ["CC BY 3.0", "cc-by-3.0", "CC BY 3.0 Unported", "http://creativecommons.org/licenses/by/3.0/"],
    "CC-BY-SA-4.0": ["CC BY-SA 4.0", "cc by sa", "Creative Commons Attribution-ShareAlike 4.0 International"],
    "CC-BY-NC-4.0": ["CC BY-NC", "cc-by-nc-4.0", "Attribution NonCommercial 4.0", "CC BY Non-Commercial 4.0"],
    "CC-BY-NC-3.0": ["https://creativecommons.org/licenses/by-nc/3.0/", "CC BY-NC 3.0"],
    "CC-BY-NC-SA-4.0": ["CC BY-NC-SA 4.0", "cc by nc sa"],
    "CC-BY-NC-ND-4.0": ["CC BY-NC-ND 4.0"],
    "CC-BY-ND-2.0": ["CC BY-ND 2.0", "Creative Commons Attribution-NoDerivs 2.0"],
    "MIT": ["MIT", "mit", "MIT License", "The MIT License", "MIT licence"],
    "BSD-3-Clause": ["BSD 3-Clause", "bsd-3", "New BSD License", "BSD-3-Clause License"],
    "BSD-2-Clause": ["BSD 2 Clause", "Simplified BSD"],
    "Unlicense": ["The Unlicense", "unlicense"],
    "LicenseRef-Proprietary": ["All rights reserved", "proprietary", "Commercial"],
}  # fmt: skip


@pytest.mark.parametrize(("spdx_id", "spellings"), SPELLINGS.items(), ids=SPELLINGS.keys())
def test_common_spellings(spdx_id: str, spellings: list[str]) -> None:
    assert {spelling: classify_licence(spelling).spdx_id for spelling in spellings} == dict.fromkeys(spellings, spdx_id)


UNKNOWN = [
    "",
    None,
    "free",
    "CC",
    "CC BY 9.9",
    "royalty free",
    "CC BY 4.0 but ask me",
    "GPL-3.0",
    "not CC0",
    "CC-BY-2.0",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_names_no_licence_is_unknown_and_refused(text: str | None) -> None:
    row = classify_licence(text)
    assert not row.known
    assert set(row.permissions.values()) == {Permission.NOT_ALLOWED}


@pytest.mark.parametrize(
    ("expression", "permission"),
    [
        ("BSD-3-Clause AND MIT", Permission.ALLOWED),
        ("MIT AND CC-BY-NC-4.0", Permission.NOT_ALLOWED),
        ("CC-BY-4.0 AND CC0-1.0", Permission.CONSTRAINED),
        ("MIT OR CC-BY-NC-4.0", Permission.ALLOWED),
        ("CC0-1.0 AND who knows", Permission.NOT_ALLOWED),
        ("who knows OR CC0-1.0", Permission.ALLOWED),
        ("MIT WITH a smile", Permission.NOT_ALLOWED),
        ("(MIT OR CC0-1.0) AND CC-BY-NC-4.0", Permission.NOT_ALLOWED),
        ("CC-BY-NC-4.0 AND MIT OR CC0-1.0", Permission.ALLOWED),
    ],
)
def test_expressions_take_the_narrower_of_and_and_the_wider_of_or(expression: str, permission: Permission) -> None:
    assert classify_licence(expression).permissions[TRAIN] is permission


def test_an_expression_is_kept_and_means_the_same_when_read_again() -> None:
    row = classify_licence("bsd 3-clause AND mit")
    assert row.spdx_id == "BSD-3-Clause AND MIT"
    assert row.permissions[Purpose.SHARE_AUDIO] is Permission.CONSTRAINED
    assert classify_licence(row.spdx_id) == row


def test_the_table_says_what_is_documented() -> None:
    by_permission = {said: {k for k, row in LICENCES.items() if row.permissions[TRAIN] is said} for said in Permission}
    assert by_permission[Permission.ALLOWED] == {
        "LicenseRef-Public-Domain", "PDDL-1.0", "CC0-1.0", "Unlicense", "0BSD", "MIT", "BSD-2-Clause", "BSD-3-Clause",
    }  # fmt: skip
    assert by_permission[Permission.CONSTRAINED] == {"CC-BY-3.0", "CC-BY-4.0"}
    assert all(row.needs_credit for key, row in LICENCES.items() if key in by_permission[Permission.CONSTRAINED])
    assert LICENCES["MIT"].permissions[Purpose.SHARE_AUDIO] is Permission.CONSTRAINED
    assert all(set(row.permissions) == set(Purpose) and row.why and row.title for row in LICENCES.values())


@pytest.mark.parametrize("spdx_id", LICENCES)
def test_every_id_of_the_table_finds_itself(spdx_id: str) -> None:
    assert classify_licence(spdx_id) is LICENCES[spdx_id]
    assert classify_licence(f"  {spdx_id.lower()} ").spdx_id == spdx_id


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=30))
def test_no_text_is_an_accident(text: str) -> None:
    row = classify_licence(text)
    assert row.known or set(row.permissions.values()) == {Permission.NOT_ALLOWED}
