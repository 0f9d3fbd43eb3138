"""What differs between two protocols is told value by value, and nothing else is."""

from __future__ import annotations

import pytest

from sitrack.pathway import derivation
from sitrack.pathway.difference import differences
from sitrack.pathway.loading import load, shipped_text
from tests.journey.notation import shipped_with

BASE = load(shipped_text())
HEAD = 'derives = "si-2026.1"\nid = "north-2026.1"\ntitle = "North"\n'
ENGLAND = "[calendar]\ncountry = 'GB'\nregion = 'ENG'\nyears = [2025, 2026]\n"


def clinic(text):
    return derivation.read(HEAD + text, lambda _: BASE)


def told(first, second):
    return [
        (each.part, each.name, each.what, each.was, each.now)
        for each in differences(first, second)
    ]


def test_a_protocol_does_not_differ_from_itself_nor_from_what_changes_nothing():
    assert told(BASE, BASE) == []
    assert told(BASE, clinic("")) == []


def test_six_weeks_are_forty_two_days():
    mine = clinic("[[follow_ups]]\nid = 'CON-TRIAL'\noffset = '6w'\n")
    assert [what for _, _, what, _, _ in told(BASE, mine)] == ["sources"]


DERIVED = [
    (
        "[numbers]\nblock_min_pct = { value = 75 }\n",
        ("numbers", "block_min_pct", "", "50 %", "75 %"),
    ),
    (
        "[numbers]\nblock_min_pct = { value = 50, sources = ['C2'] }\n",
        ("numbers", "block_min_pct", "sources", "P11, T7", "C2"),
    ),
    (
        "[settings]\nrfa_covered = { value = false }\n",
        ("settings", "rfa_covered", "", "yes", "no"),
    ),
    (
        "[windows]\nlidocaine = { minutes = 90 }\n",
        ("windows", "lidocaine", "", "120 minutes", "90 minutes"),
    ),
    ("[steps]\nrepeat = { days = 10 }\n", ("steps", "repeat", "", "7 days", "10 days")),
    (
        "[[follow_ups]]\nid = 'CON-TRIAL'\noffset = 56\n",
        ("follow_ups", "CON-TRIAL", "offset", "42 d", "56 d"),
    ),
    (
        "[[follow_ups]]\nid = 'CON-TRIAL'\noffset = '10bd'\n",
        ("follow_ups", "CON-TRIAL", "offset", "42 d", "10 bd"),
    ),
    (
        "[[follow_ups]]\nid = 'CON-TRIAL'\nwaits_for = 'staff'\n",
        ("follow_ups", "CON-TRIAL", "waits_for", "patient", "staff"),
    ),
    (
        "[[follow_ups]]\nid = 'CON-CHECK'\ncloses = [{ evidence = 'visit' }]\n",
        (
            "follow_ups",
            "CON-CHECK",
            "closes",
            "score from_day 14, therapy from_day 14",
            "visit",
        ),
    ),
    (
        "[[follow_ups]]\nid = 'CON-BELT'\nremove = true\n",
        ("follow_ups", "CON-BELT", "", "stop the belt?, 42 d from belt", None),
    ),
    (
        (
            "[[follow_ups]]\nid = 'CON-CALL'\ntitle = 'ring'\nstages = ['relief']\n"
            "anchor = 'entry'\noffset = '5bd'\nwaits_for = 'staff'\n"
        ),
        ("follow_ups", "CON-CALL", "", None, "ring, 5 bd from entry"),
    ),
    (
        "[calendar]\nweekend = ['sunday']\n",
        ("calendar", "", "weekend", "saturday, sunday", "sunday"),
    ),
    (
        "[calendar]\nclosed = [{ day = 2026-05-04, name = 'staff day' }]\n",
        ("calendar", "", "2026-05-04", None, "staff day"),
    ),
    (
        "[calendar]\nclosed = [{ day = '12-24', name = 'Christmas Eve' }]\n",
        ("calendar", "", "every 12-24", None, "Christmas Eve"),
    ),
]


@pytest.mark.parametrize(("text", "line"), DERIVED)
def test_what_a_clinic_changes_is_one_line(text, line):
    assert told(BASE, clinic(text)) == [line]


@pytest.mark.parametrize(("text", "line"), DERIVED)
def test_and_the_other_way_round_it_is_the_same_line_turned(text, line):
    turned = (*line[:3], line[4], line[3])
    assert told(clinic(text), BASE) == [turned]


def test_the_holidays_of_another_place_differ_as_a_whole():
    assert told(BASE, clinic(ENGLAND)) == [
        ("calendar", "", "holidays of", None, "GB-ENG"),
        ("calendar", "", "years", None, "2025 to 2026"),
    ]


def test_a_holiday_that_was_learned_of_later_is_a_line_of_its_own():
    first = clinic(ENGLAND)
    text = first.text.replace("2025-05-05", "2025-05-08")
    assert told(first, load(text)) == [
        ("calendar", "", "2025-05-05", "May Day", None),
        ("calendar", "", "2025-05-08", None, "May Day"),
    ]


WHOLE = [
    (
        ('kind = "new-injection"\nhard = true', 'kind = "new-injection"'),
        ("moves", "repeat-injection", "new-injection hard", "yes", None),
    ),
    (
        ('[[moves.requirements]]\nkind = "nsaid-trial"\n', ""),
        ("moves", "exhaust-conservative", "nsaid-trial", "required", None),
    ),
    (
        (
            'stage = "rfa"\nhard = true',
            'stage = "relief"\nhard = true',
        ),
        ("moves", "repeat-rfa", "relief-from stage", "rfa", "relief"),
    ),
    (
        ('from = ["referred-out", "closed"]', 'from = ["closed"]'),
        ("moves", "reopen", "from", "referred-out, closed", "closed"),
    ),
    (
        ('initial = "injection"', 'initial = "re-evaluation"'),
        ("initial", "", "", "injection", "re-evaluation"),
    ),
    (
        (
            'purpose = "Active stabilisation, medication and time."',
            'purpose = "Time."',
        ),
        (
            "stages",
            "conservative-care",
            "purpose",
            "Active stabilisation, medication and time.",
            "Time.",
        ),
    ),
]


@pytest.mark.parametrize(("change", "line"), WHOLE)
def test_a_changed_table_is_told_row_by_row(change, line):
    assert told(BASE, shipped_with(change)) == [line]


def test_a_move_that_came_is_named_with_its_title():
    move = (
        '\n[[moves]]\nid = "back"\ntitle = "Back"\nfrom = ["relief"]\n'
        'to = "injection"\nsources = ["R"]\n'
    )
    assert told(BASE, load(shipped_text() + move)) == [
        ("moves", "back", "", None, "Back")
    ]
