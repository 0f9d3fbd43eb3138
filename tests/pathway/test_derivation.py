"""A derived protocol changes what it may, is whole, and names everything that is wrong."""

from __future__ import annotations

import datetime as dt

import pytest

from sitrack.errors import BadInput, NotFound
from sitrack.pathway import derivation
from sitrack.pathway.calendar import Duration
from sitrack.pathway.derivation import Unfit
from sitrack.pathway.loading import document_of, load, shipped_text
from sitrack.pathway.writing import toml

BASE = load(shipped_text())
HEAD = 'derives = "si-2026.1"\nid = "north-2026.1"\ntitle = "The north clinic"\n'


def base_of(name):
    if name != BASE.id:
        raise NotFound(f"there is no protocol {name}")
    return BASE


def read(text):
    return derivation.read(HEAD + text, base_of)


def faults(text):
    """Every fault with which a derived file is refused."""
    with pytest.raises(Unfit) as refusal:
        read(text)
    return [fault.removeprefix("protocol: ") for fault in refusal.value.faults]


def rule(protocol, name):
    return next(each for each in protocol.follow_ups if each.id == name)


def requirement(protocol, move, kind):
    found = protocol.move_named(move).requirements
    return next(each for each in found if each.kind == kind)


# --- what results


def test_a_file_that_changes_nothing_gives_the_base_under_a_name_of_its_own():
    mine = read("")
    assert (mine.id, mine.title) == ("north-2026.1", "The north clinic")
    assert mine.numbers == BASE.numbers
    assert mine.moves == BASE.moves
    assert mine.follow_ups == BASE.follow_ups
    assert (mine.derived.protocol, mine.derived.hash) == (BASE.id, BASE.hash)
    assert mine.derived.changed == frozenset()


def test_a_number_reaches_every_requirement_that_refers_to_it():
    mine = read("[numbers]\nblock_min_pct = { value = 75, sources = ['C2'] }\n")
    for move, kind in (
        ("block-positive", "positive-blocks"),
        ("block-negative", "negative-block"),
        ("repeat-rfa", "past-positive-block"),
    ):
        assert requirement(BASE, move, kind).number("response_pct") == 50
        found = requirement(mine, move, kind)
        assert found.number("response_pct") == 75
        assert "C2" in found.sources
    assert mine.derived.changed == {"numbers.block_min_pct"}
    assert mine.numbers["block_min_pct"].unit == "%"


def test_what_a_clinic_changes_without_a_source_is_cited_as_the_clinics():
    mine = read(
        "[numbers]\nresponse_pct = { value = 75 }\n"
        "[[follow_ups]]\nid = 'CON-TRIAL'\noffset = 56\n"
    )
    assert mine.numbers["response_pct"].sources == ("clinic",)
    assert rule(mine, "CON-TRIAL").citations == ("clinic",)
    assert rule(mine, "CON-ESC").citations == rule(BASE, "CON-ESC").citations


def test_settings_windows_and_steps_are_changed_by_name():
    mine = read(
        "[settings]\nrfa_covered = { value = false }\n"
        "[windows]\nlidocaine = { minutes = 90, sources = ['K'] }\n"
        "[steps]\nrepeat = { days = 10 }\n"
    )
    assert requirement(mine, "block-positive", "coverage").parameters["covered"] is (
        False
    )
    assert (mine.window("lidocaine"), mine.window("bupivacaine")) == (90, 480)
    assert (mine.steps["repeat"], mine.steps["contact-1"]) == (10, 7)
    assert mine.derived.changed == {
        "settings.rfa_covered",
        "windows.lidocaine",
        "steps.repeat",
    }


def test_a_follow_up_is_changed_removed_or_added_by_its_id():
    mine = read(
        "[[follow_ups]]\nid = 'CON-TRIAL'\noffset = 56\ntitle = '8-week trial ends'\n"
        "[[follow_ups]]\nid = 'CON-BELT'\nremove = true\n"
        "[[follow_ups]]\nid = 'CON-CALL'\ntitle = 'ring the patient'\n"
        "stages = ['conservative-care']\nanchor = 'entry'\noffset = 7\n"
        "closes = [{ evidence = 'therapy' }]\nwaits_for = 'staff'\n"
    )
    changed = rule(mine, "CON-TRIAL")
    assert (changed.offset, changed.title) == (Duration(56), "8-week trial ends")
    assert changed.stages == rule(BASE, "CON-TRIAL").stages
    names = [each.id for each in mine.follow_ups]
    kept = [each.id for each in BASE.follow_ups if each.id != "CON-BELT"]
    assert names == [*kept, "CON-CALL"]
    assert rule(mine, "CON-CALL").citations == ("clinic",)


def test_the_text_of_a_derived_protocol_stands_alone_and_names_its_base():
    mine = read("[numbers]\nresponse_pct = { value = 75 }\n")
    again = load(mine.text)
    assert again == mine
    assert again.derived.hash == BASE.hash
    assert again.hash != BASE.hash


def test_the_same_file_gives_the_same_text_and_the_same_hash():
    text = "[numbers]\nresponse_pct = { value = 75 }\n"
    assert read(text).hash == read(text + "\n# a remark\n").hash


def test_a_protocol_may_derive_from_a_derived_one():
    first = read("[numbers]\nresponse_pct = { value = 75 }\n")
    second = derivation.read(
        'derives = "north-2026.1"\nid = "north-2026.2"\ntitle = "Next"\n'
        "[numbers]\nsteroid_pct = { value = 60 }\n",
        lambda _: first,
    )
    assert second.numbers["response_pct"].value == 75
    assert second.numbers["steroid_pct"].value == 60
    assert (second.derived.protocol, second.derived.hash) == (first.id, first.hash)
    assert second.derived.changed == {"numbers.steroid_pct"}


def test_a_whole_file_needs_no_base():
    def nobody(name):
        raise AssertionError(name)

    assert derivation.read(shipped_text(), nobody) == BASE


def test_overrides_without_a_name_keep_that_of_the_base():
    policy = derivation.derived(BASE, {"numbers": {"response_pct": {"value": 75}}})
    assert policy.id == BASE.id
    assert policy.hash != BASE.hash
    assert policy.numbers["response_pct"].value == 75


def test_the_base_is_left_as_it_was():
    before = document_of(BASE.text)
    kept = document_of(BASE.text)
    overrides = {"follow_ups": [{"id": "CON-TRIAL", "offset": 56}]}
    derivation.merged(before, overrides)
    assert before == kept


# --- what it refuses


def test_every_fault_is_named_not_only_the_first():
    assert faults(
        "[numbers]\nrespnse_pct = { value = 75 }\nsteroid_pct = { value = 101 }\n"
        "block_spacing_days = { value = 2, unit = 'weeks' }\n"
        "[[follow_ups]]\nid = 'CON-TRAIL'\noffset = 56\n"
    ) == [
        "numbers.respnse_pct names nothing that is there; did you mean response_pct?",
        "numbers.steroid_pct.value is out of range",
        "numbers.block_spacing_days is in d, not in weeks",
        "follow_ups.CON-TRAIL names nothing that is there; did you mean CON-TRIAL?",
    ]


def test_the_first_fault_stands_for_all_where_one_sentence_must_do():
    with pytest.raises(Unfit, match=r"numbers\.a names nothing.* \(and 1 more\)"):
        read("[numbers]\na = { value = 1 }\nb = { value = 1 }\n")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[numbers]\nresponse_pct = 75\n", "numbers.response_pct must be a table"),
        ("[numbers]\nresponse_pct = {}\n", "numbers.response_pct.value is missing"),
        (
            "[numbers]\nresponse_pct = { value = 75.5 }\n",
            "numbers.response_pct.value must be a whole number",
        ),
        (
            "[numbers]\nresponse_pct = { value = -1 }\n",
            "numbers.response_pct.value is out of range",
        ),
        (
            "[numbers]\nresponse_pct = { value = 75, sources = [] }\n",
            "numbers.response_pct cites no source",
        ),
        (
            "[numbers]\nresponse_pct = { value = 75, note = 'x' }\n",
            "numbers.response_pct has an unknown key 'note'",
        ),
        (
            "[settings]\nrfa_covered = { value = 1 }\n",
            "settings.rfa_covered.value must be true or false",
        ),
        (
            "[windows]\nlidocaine = { minutes = -5 }\n",
            "windows.lidocaine.minutes is out of range",
        ),
        (
            "[steps]\nrepeat = { days = 7, unit = 'd' }\n",
            "steps.repeat has an unknown key 'unit'",
        ),
        ("numbers = 5\n", "numbers must be a table"),
        ("follow_ups = 5\n", "follow_ups must be a list"),
        ("follow_ups = [5]\n", "follow_ups[0] must be a table"),
        ("[[follow_ups]]\noffset = 5\n", "follow_ups[0].id must be a line of text"),
        (
            "[[follow_ups]]\nid = 'CON-BELT'\nremove = true\noffset = 5\n",
            "follow_ups.CON-BELT has an unknown key 'offset'",
        ),
        (
            "[[follow_ups]]\nid = 'CON-BALT'\nremove = true\n",
            "follow_ups.CON-BALT names nothing that is there; did you mean CON-BELT?",
        ),
        (
            "[[follow_ups]]\nid = 'CON-BELT'\nanchor = 'entry'\n",
            "follow_ups.CON-BELT has an unknown key 'anchor'",
        ),
        (
            "[[follow_ups]]\nid = 'CON-BELT'\noffset = 5\n" * 2,
            "follow_ups.CON-BELT stands twice",
        ),
    ],
)
def test_an_override_that_does_not_fit_is_refused_and_named(text, fault):
    assert faults(text) == [fault]


@pytest.mark.parametrize("key", ["moves", "status_moves", "stages", "initial", "guard"])
def test_what_a_clinic_may_not_touch_is_refused(key):
    with pytest.raises(BadInput, match=f"the file has an unknown key '{key}'"):
        read(f"{key} = []\n")


def test_a_derived_protocol_has_a_name_of_its_own():
    with pytest.raises(BadInput, match="id is that of the protocol it derives from"):
        derivation.read(HEAD.replace("north-2026.1", BASE.id), base_of)


@pytest.mark.parametrize("line", HEAD.splitlines()[1:])
def test_a_derived_file_says_who_it_is(line):
    with pytest.raises(BadInput, match="must be a line of text"):
        derivation.read(HEAD.replace(line, ""), base_of)


def test_what_results_must_be_a_protocol():
    with pytest.raises(BadInput, match=r"CON-CALL\.stages names 'nowhere'"):
        read(
            "[[follow_ups]]\nid = 'CON-CALL'\ntitle = 'x'\nstages = ['nowhere']\n"
            "anchor = 'entry'\noffset = 1\nwaits_for = 'staff'\n"
        )


def test_a_base_that_nobody_has_is_not_found():
    with pytest.raises(NotFound, match="si-1999"):
        derivation.read(HEAD.replace("si-2026.1", "si-1999.1"), base_of)


# --- the text


def test_the_shipped_protocol_survives_being_written_again():
    again = load(toml(document_of(BASE.text)))
    assert again.moves == BASE.moves
    assert again.status_moves == BASE.status_moves
    assert again.follow_ups == BASE.follow_ups
    assert again.numbers == BASE.numbers


@pytest.mark.parametrize(
    "word", ['a "quoted" one', "back\\slash", "tab\tand\nline", "\x7f", "é → 東京 🦴"]
)
def test_any_text_survives_being_written(word):
    document = {"a": word, "b": {"c d": [word]}, "e": [{"f": [{word: word}]}]}
    assert document_of(toml(document)) == document


def test_every_kind_of_value_survives_being_written():
    document = {
        "whole": -3,
        "flag": True,
        "not": False,
        "day": dt.date(2026, 12, 24),
        "none": [],
        "words": ["a", "b"],
        "table": {"row": {"value": 1, "sources": ["R"]}, "empty": {}},
        "rows": [{"id": "x", "closes": [{"evidence": "score"}]}, {"id": "y"}],
    }
    assert document_of(toml(document)) == document
