"""One grammar for picking episodes: each field, how they join, and what is wrong."""

import datetime as dt

import pytest

from sitrack.errors import BadInput, NotFound
from sitrack.record.filters import Asker, read_filter
from sitrack.record.worklist import Waiting

TODAY = dt.date(2025, 6, 16)
RIVERA = Asker(
    "rivera",
    TODAY,
    teams=frozenset({"spine"}),
    staff=frozenset({"rivera", "osei", "okafor"}),
    every_team=frozenset({"spine", "knees"}),
    rules=frozenset({"RFA-CHECK", "RFA-OUTCOME", "red-flag"}),
)
ROW = Waiting(
    episode="P00013-R",
    patient="P00013",
    initials="M.K.",
    side="right",
    stage="rfa",
    status="active",
    since=dt.date(2025, 5, 17),
    coordinator="rivera",
    due=dt.date(2025, 6, 2),
    days=-10,
    rule="RFA-CHECK",
    title="6-week check",
    waits_for="patient",
    tries=2,
    more=0,
    band="D",
    alert=None,
    hidden=None,
    shown_from=dt.date(2025, 5, 26),
    owner="rivera",
    team="spine",
    offered_to="osei",
)


def fits(*words, **other):
    return read_filter(words, RIVERA)(ROW._replace(**other))


@pytest.mark.complaint(23)
@pytest.mark.parametrize(
    "word",
    [
        *("stage:rfa", "status:active", "side:right", "band:D", "waits:patient"),
        *("rule:rfa-check", "owner:rivera", "owner:me", "patient:p00013"),
        *("episode:P00013-R", "tries:2", "tries:2+", "tries:2-", "tries:1..3"),
        *("overdue:14d", "overdue:14d+", "overdue:2w-", "overdue:10bd+"),
        *("overdue:7d..14d", "in-stage:30d", "in-stage:4w+", "due:2025-06-02"),
        *("due:..today", "due:-14d..-1d", "due:2025-06-01+", "held:no", "lost:no"),
        *("snoozed:no", "lapsed:no", "alert:no", "team:spine", "team:mine"),
        "offered:osei",
    ],
)
def test_a_term_picks_what_it_says(word):
    assert fits(word)
    assert not fits("not", word)


@pytest.mark.parametrize(
    "word",
    [
        *("stage:relief", "side:left", "band:O", "owner:none", "owner:osei"),
        *("tries:3+", "tries:1-", "overdue:15d+", "overdue:13d-", "overdue:11bd+"),
        *("in-stage:31d+", "due:today", "due:2025-06-03+", "held:yes", "alert:yes"),
        *("team:none", "team:knees", "offered:me", "offered:none"),
    ],
)
def test_and_nothing_else(word):
    assert not fits(word)


def test_what_is_not_due_yet_is_not_overdue():
    ahead = {"due": dt.date(2025, 6, 20), "days": 4}
    assert not fits("overdue:30d-", **ahead)
    assert not fits("overdue:0d+", due=None, days=None)
    assert not fits("due:today+", due=None, days=None)


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        (["stage:rfa", "side:right"], True),
        (["stage:rfa", "and", "side:left"], False),
        (["stage:relief", "or", "side:right"], True),
        (["stage:relief", "side:right", "or", "owner:me"], True),
        (["owner:me or owner:none", "stage:relief"], False),
        (["owner:none or owner:me", "stage:rfa"], True),
        (["not (stage:rfa or side:left)"], False),
        (["not", "stage:relief", "not", "side:left"], True),
        (["(stage:rfa and (side:left or tries:2+))"], True),
    ],
)
def test_words_side_by_side_all_hold_and_a_quoted_word_is_a_group(words, holds):
    assert fits(*words) is holds


def test_nothing_typed_is_no_filter():
    assert read_filter([], RIVERA) is None


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (["stgae:rfa"], "no field 'stgae'", "did you mean stage:?"),
        (["zzz:1"], "no field 'zzz'", "one of stage, status"),
        (["stage:blokc"], "stage: takes no 'blokc'", "diagnostic-block"),
        (["held:maybe"], "held: takes yes or no", None),
        (["tries:many"], "tries: takes a number", "tries:2+"),
        (["overdue:soon"], "overdue: takes a length", "overdue:14d+"),
        (["in-stage:3bd+"], "in-stage: takes a length", "in-stage:14d+"),
        (["due:someday"], "'someday' is not a day", "today"),
        (["tries:.."], "tries: names no end", "tries:2..4"),
        (["stage"], "the filter cannot be understood", "such as"),
        (["stage:rfa", "or"], "the filter cannot be understood", "such as"),
        (["(stage:rfa or"], "the filter cannot be understood", "such as"),
        (["stage:rfa;drop"], "stage: takes no", None),
        (["rfa"], "the filter cannot be understood", "did you mean stage:rfa?"),
        (["stage", "rfa"], "cannot be understood", "did you mean stage:rfa?"),
        (["owner:me", "left"], "cannot be understood", "did you mean side:left?"),
        (["P00013"], "cannot be understood", "did you mean patient:P00013?"),
        (["p00013-r2"], "cannot be understood", "did you mean episode:p00013-r2?"),
        (["owner:okaforr"], "owner: knows no 'okaforr'", "did you mean owner:okafor?"),
        (["owner:Rivera"], "owner: knows no such name", "did you mean owner:rivera?"),
        (["offered:xyzzy"], "offered: knows no 'xyzzy'", "sitrack staff list"),
        (["team:spien"], "team: knows no 'spien'", "did you mean team:spine?"),
        (["team:xyzzy"], "team: knows no 'xyzzy'", "sitrack team list"),
        (["rule:rfa-chekc"], "rule: knows no 'rfa-chekc'", "mean rule:RFA-CHECK?"),
        (["rule:redflag"], "rule: knows no 'redflag'", "did you mean rule:red-flag?"),
        (["rule:xyz"], "rule: knows no 'xyz'", "sitrack pathway show"),
        (["side:left or not owner:kim"], "owner: knows no 'kim'", "staff list"),
    ],
)
def test_what_cannot_be_understood_is_said_with_a_suggestion(words, says, hint):
    with pytest.raises(BadInput) as error:
        read_filter(words, RIVERA)
    assert says in error.value.message
    assert hint is None or hint in (error.value.hint or "")


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("patient:P00014", "is nobody's key"),
        ("patient:P00013-R", "not a patient key"),
        ("episode:P00014-R", "is nobody's key"),
        ("episode:P00013", "not an episode key"),
    ],
)
def test_a_key_that_is_nobody_s_is_refused_as_everywhere(word, says):
    with pytest.raises(NotFound, match=says):
        read_filter([word], RIVERA)
