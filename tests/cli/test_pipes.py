"""A pipe gets whole data: which episode a line is about, and all that is said of it."""

import csv
import io

from .keyboard import Terminal

KEY = "P00013-R"
CALLED = ("--as", "rivera")


def rows(text, dialect="excel-tab"):
    return list(csv.DictReader(io.StringIO(text), dialect=dialect))


def test_what_is_due_says_of_which_episode_it_is(desk):
    for words in (("next",), ("show", KEY)):
        answer = desk.answer(*words)
        piped = rows(desk.type(*words).out)
        assert piped
        for found in (piped, answer["rows"]):
            assert {row["episode"] for row in found} == {answer["episode"]}


def test_an_episode_of_which_nothing_is_due_is_named_all_the_same(desk):
    desk.written("episode", "finish", KEY, "--disposition", "declined")
    assert desk.answer("show", KEY)["rows"] == []
    for form, dialect in (("tsv", "excel-tab"), ("csv", "excel")):
        [row] = rows(desk.type("show", KEY, "--format", form).out, dialect)
        assert row.pop("episode") == KEY
        assert set(row.values()) == {""}


def test_where_nobody_waits_a_pipe_gets_the_head_alone(desk):
    assert rows(desk.type("next", "stage:rfa").out) == []


BOTH = ("bulk", "patient:P00021", "advance", "relief")
"""Refused of one side with more codes than a terminal has room for."""
REFUSED = "EVIDENCE_MISSING(injection), EVIDENCE_MISSING(baseline)"


def test_a_plan_of_many_is_not_cut(desk):
    assert f"  {REFUSED}\n" in desk.type(*BOTH, "-n", *CALLED).out


def test_nor_is_what_became_of_many(desk):
    desk.written("record", "score", "P00021-L", "--nrs", "1")
    done = desk.type(*BOTH, "--count", "1", *CALLED)
    assert done.code == 15, done.err
    assert f"  {REFUSED}\n" in done.out


def test_at_a_terminal_a_plan_of_many_fits(desk):
    more = (*CALLED, "-q", "-d", desk.url, "--now", f"{desk.day}T09:00")
    with Terminal(*BOTH, "-n", *more) as terminal:
        code, text = terminal.end()
    assert code == 0
    lines = [line for line in text.splitlines() if line.startswith("P00021-")]
    assert "EVIDENCE_MISSING(injection), EV…" in lines[-1]
    assert max(map(len, lines)) <= 80
