"""The trail of any span: complete, sorted by any column, and what it never shows."""

import datetime as dt
import random

import pytest

from sitrack.coordination import auditing
from sitrack.errors import BadInput, NotFound
from sitrack.record import access, sample
from sitrack.record.access import Reader, Sight
from sitrack.record.trail import COLUMNS, Span, Wanted
from tests.clinic import Clinic, driver
from tests.record.lives import Lives

OSEI = Reader("osei", "clinician", "account")


def all_rows(ledger):
    """Every header as the bare driver reads it."""
    with driver(ledger) as run:
        rows = run(f"SELECT {', '.join(COLUMNS)} FROM entry")
    plain = [
        bytes(v).hex() if isinstance(v, bytes | memoryview) else v
        for r in rows
        for v in r
    ]
    step = len(COLUMNS)
    return [
        dict(zip(COLUMNS, plain[n : n + step], strict=True))
        for n in range(0, len(plain), step)
    ]


def instant(text):
    return dt.datetime.fromisoformat(text)


def test_a_trail_of_any_span_is_complete_and_sorted_by_any_column(ledger):
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    Lives(ledger, chance, patients=3).live(60)
    every = all_rows(ledger)
    for column in COLUMNS:
        first, last = sorted(chance.choice(every)["recorded"] for _ in range(2))
        wanted = Wanted(Span(instant(first), instant(last)))
        for reverse in (False, True):
            rows = auditing.trail_of(ledger, wanted, column, reverse=reverse)
            expected = [row for row in every if first <= row["recorded"] <= last]
            assert sorted(map(repr, rows)) == sorted(map(repr, expected))
            values = [(row[column] is not None, row[column]) for row in rows]
            assert values == sorted(values, reverse=reverse)


def test_it_is_asked_by_person_kind_stage_patient_and_episode(ledger):
    lives = Lives(ledger, random.Random(4), patients=3)
    lives.live(80)
    every = all_rows(ledger)

    def seqs(rows):
        return sorted((row["stream"], row["seq"]) for row in rows)

    def told(**wanted):
        return seqs(auditing.trail_of(ledger, Wanted(**wanted)))

    patient = lives.keys[0].patient
    own = [
        row
        for row in every
        if row["stream"] == f"patient/{patient}"
        or row["stream"].startswith(f"episode/{patient}-")
    ]
    assert told(key=patient) == seqs(own)
    key = str(
        next(
            key
            for key in lives.keys
            if f"episode/{key}" in {r["stream"] for r in every}
        )
    )
    assert told(key=key) == seqs(r for r in every if r["stream"] == f"episode/{key}")
    assert told(who="osei") == seqs(
        r for r in every if "osei" in {r["performer"], r["recorder"]}
    )
    kinds = {"corrected", "retracted"}
    amended = seqs(r for r in every if r["kind"] in kinds)
    assert told(kinds=["corrections"]) == told(kinds=[*kinds]) == amended != []
    stage = "re-evaluation"
    assert told(stage=stage) == seqs(
        r for r in every if stage in {r["stage_from"], r["stage_to"]}
    )


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def test_a_misspelt_question_has_no_empty_answer(clinic):
    clinic.walked()
    with pytest.raises(BadInput, match="no column") as error:
        auditing.trail_of(clinic.ledger, Wanted(), "recorder_id")
    assert "recorder" in error.value.hint
    with pytest.raises(BadInput, match="no entry is of the kind 'scores'") as error:
        auditing.trail_of(clinic.ledger, Wanted(kinds=["scores"]))
    assert "score" in error.value.hint
    with pytest.raises(NotFound, match="nobody of that name"):
        auditing.trail_of(clinic.ledger, Wanted(who="rivers"))
    with pytest.raises(NotFound):
        auditing.trail_of(clinic.ledger, Wanted(key="P00021"))
    # What merely did not happen is an answer.
    early = Span(until=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    assert auditing.trail_of(clinic.ledger, Wanted(early, who="osei")) == []
    assert auditing.trail_of(clinic.ledger, Wanted(early, kinds=["move"])) == []


def test_who_saw_a_patient_is_told_by_reads_and_by_writes(clinic):
    ledger = clinic.ledger
    key = clinic.walked()
    other = clinic.injected("2025-01-06")
    clinic.at("2025-03-03")
    many = [f"{other.patient}-L", *[f"{p}-R" for p in _keys(60)]]
    for keys, outcome in (
        ((str(key),), "shown"),
        ((key.patient,), "shown"),
        ((str(other),), "shown"),
        ((str(key),), "not-permitted"),
        (sorted(many), "shown"),
    ):
        sight = Sight("show", "json", keys, outcome=outcome)
        access.note(ledger, OSEI, sight)
    reads = [
        row
        for row in auditing.who_saw(ledger, str(key), Span())[1]
        if row["how"] == "read"
    ]
    # What was refused showed nothing; a list of sixty is looked into.
    assert len(reads) == 3
    assert {row["who"] for row in reads} == {"osei"}
    wrote = [
        row
        for row in auditing.who_saw(ledger, str(key), Span())[1]
        if row["how"] == "wrote"
    ]
    assert [row["command"] for row in wrote][:3] == ["opened", "injection", "diary"]
    about, rows = auditing.who_saw(ledger, other.patient, Span())
    assert about == other.patient
    assert sum(row["how"] == "read" for row in rows) == 2
    trail = auditing.trail_of(ledger, Wanted(key=str(key)))
    assert [row["kind"] for row in trail if row["stream"] == OSEI.stream] == [
        *("read", "read", "refused", "read"),
    ]


def _keys(number):
    from sitrack.journey.patient import patient_key

    return [patient_key(each) for each in range(1, number)]


def test_a_variance_says_what_it_lifted_and_whether_it_stands(clinic):
    from sitrack.coordination.amendments import retract
    from sitrack.coordination.page import Because
    from tests.clinic import RIVERA

    key = clinic.injected("2025-01-06")
    clinic.at("2025-01-07")
    lifted = {"variance": "clinical-judgement", "clinician": "osei", "text": "So."}
    clinic.advance(key, "re-evaluation", **lifted)
    [row] = auditing.all_variances(clinic.ledger, Span())
    assert (row["episode"], row["code"], row["clinician"]) == (
        *(str(key), "clinical-judgement", "osei"),
    )
    assert row["lifted"] != []
    assert row["retracted"] is False
    retract(clinic.ledger, RIVERA, key, [3], Because("not-done"))
    [row] = auditing.all_variances(clinic.ledger, Span())
    assert row["retracted"] is True


# --- a sample


def test_the_same_seed_draws_the_same_episodes():
    keys = [f"P{number:05d}-R" for number in range(500)]
    drawn = sample.drawn(keys, "7", 20)
    assert sample.drawn(reversed(keys), "7", 20) == drawn
    assert sample.drawn(keys, "8", 20) != drawn
    # By the seed and the keys alone: on any machine, and after any upgrade.
    assert drawn[:3] == ["P00400-R", "P00020-R", "P00001-R"]


def test_who_is_opened_later_takes_the_last_places_only():
    keys = [f"P{number:05d}-R" for number in range(500)]
    before = sample.drawn(keys[:-1], "7", 20)
    after = sample.drawn(keys, "7", 20)
    assert [key for key in after if key != keys[-1]] == before[
        : 20 - (keys[-1] in after)
    ]


def test_every_episode_is_drawn_as_often_as_any_other():
    keys = [f"P{number:05d}-R" for number in range(50)]
    counts = dict.fromkeys(keys, 0)
    for seed in range(4000):
        for key in sample.drawn(keys, str(seed), 5):
            counts[key] += 1
    # 400 each, give or take; a bound of six standard deviations.
    assert 285 < min(counts.values()) <= max(counts.values()) < 515


def test_a_sample_is_drawn_from_what_was_written_about_in_the_span(clinic):
    early, late = clinic.injected("2025-01-06"), clinic.injected("2025-02-03")
    span = Span(since=dt.datetime(2025, 2, 1, tzinfo=dt.UTC))
    drawn = auditing.draw(clinic.ledger, 5, 7, span)
    assert [row["episode"] for row in drawn.rows] == [str(late)]
    assert (drawn.seed, drawn.out_of) == (7, 1)
    whole = auditing.draw(clinic.ledger, 5, None, Span())
    assert {row["episode"] for row in whole.rows} == {str(early), str(late)}
    again = auditing.draw(clinic.ledger, 5, whole.seed, Span())
    assert again == whole
