"""Adopting a clinic's own protocol, and bringing running episodes to it, on both databases."""

import datetime as dt

import pytest

from sitrack.coordination import migration, protocols, questions
from sitrack.coordination.people import Author
from sitrack.coordination.questions import When
from sitrack.coordination.undo import undo
from sitrack.errors import BadInput, NotEligible, NotFound, NotPermitted
from sitrack.journey.entries import MIGRATED, Draft, Provenance
from sitrack.journey.migration import Verdict
from sitrack.pathway import derivation
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Side
from sitrack.record import library
from sitrack.record.journal import load_stream, writing
from sitrack.record.ledger import reading
from tests.clinic import RIVERA, Clinic, codes_of, driver, everything, faults_of

BASE = load(shipped_text())
HEAD = 'derives = "si-2026.1"\nid = "{}"\ntitle = "The north clinic"\n'
LATER = "[[follow_ups]]\nid = 'CON-TRIAL'\noffset = 56\n"
STRICTER = "[numbers]\nmin_provocative_tests = { value = 5 }\n"


@pytest.fixture
def clinic(ledger):
    return Clinic(ledger)


def derived(text="", name="north-2026.1"):
    return derivation.read(HEAD.format(name) + text, lambda _: BASE)


def adopt(ledger, protocol, **options):
    return protocols.adopt(ledger, RIVERA, protocol, "osei", **options)


def plan(ledger, word="north-2026.1", keys=None):
    return migration.plan(ledger, word, keys, lambda _: None)


def migrate(ledger, word="north-2026.1", keys=(), **options):
    planned = plan(ledger, word, keys or None)
    return migration.migrate(
        ledger, RIVERA, planned, "osei", named=keys, tell=lambda _: None, **options
    )


def entries_of(ledger, stream):
    with reading(ledger) as connection:
        return load_stream(connection, stream)


def pinned_to(ledger, key, **when):
    return questions.card(ledger, key, When(**when)).protocol.id


def due(ledger, key, rule, **when):
    lines = questions.card(ledger, key, When(**when)).due
    return next((line.due for line in lines if line.rule == rule), None)


# --- adopting


@pytest.mark.complaint(19)
def test_new_episodes_follow_what_was_adopted_and_running_ones_do_not(clinic, ledger):
    running = clinic.injected("2025-01-06")
    before = questions.card(ledger, running)
    mine = derived(LATER)
    done = adopt(ledger, mine)
    assert done.elsewhere == 1
    opened = clinic.opened()
    assert pinned_to(ledger, opened) == "north-2026.1"
    assert pinned_to(ledger, running) == "si-2026.1"
    after = questions.card(ledger, running)
    assert (after.due, after.episode) == (before.due, before.episode)
    assert codes_of(ledger) == set()


def test_an_adoption_names_who_signed_the_numbers_and_what_they_came_from(
    clinic, ledger
):
    mine = derived(LATER)
    entry = adopt(ledger, mine).entry
    assert entry == entries_of(ledger, "office")[-1]
    assert entry.kind == "protocol-adopted"
    assert (entry.provenance.performer, entry.provenance.recorder) == ("osei", "rivera")
    assert entry.protocol == mine.hash
    said = {key: entry.payload[key] for key in ("protocol", "hash", "clinician")}
    assert said == {"protocol": mine.id, "hash": mine.hash, "clinician": "osei"}
    assert entry.payload["derives_hash"] == BASE.hash


def test_what_the_record_keeps_stands_alone(clinic, ledger):
    mine = derived(LATER)
    adopt(ledger, mine)
    with reading(ledger) as connection:
        kept = library.pinned(connection, mine.hash)
    assert kept == mine
    assert load(kept.text).derived.hash == BASE.hash


def test_the_latest_adoption_counts_even_within_one_instant(clinic, ledger):
    # The clock stands still, and nothing orders the names.
    for number in (3, 1, 2):
        adopt(ledger, derived(name=f"north-2026.{number}"))
        assert questions.current_protocol(ledger).id == f"north-2026.{number}"
    kept = [each.id for each in protocols.known_protocols(ledger)]
    assert kept == ["north-2026.2", "north-2026.1", "north-2026.3", "si-2026.1"]
    assert codes_of(ledger) == set()


def test_a_dry_run_adopts_nothing(clinic, ledger):
    before = everything(ledger)
    adopt(ledger, derived(), dry_run=True)
    assert everything(ledger) == before


def refused(ledger, error, act):
    """Whatever `act` does is refused and leaves no trace; return the sentence."""
    before = everything(ledger)
    with pytest.raises(error) as refusal:
        act()
    assert everything(ledger) == before
    return refusal.value.message


def test_what_is_not_sound_is_not_adopted(clinic, ledger):
    empty = derived("[numbers]\nblocks_required = { value = 0 }\n")
    message = refused(ledger, NotEligible, lambda: adopt(ledger, empty))
    assert "block-positive demands nothing by positive-blocks" in message


def test_an_id_names_one_text(clinic, ledger):
    adopt(ledger, derived())
    message = refused(ledger, BadInput, lambda: adopt(ledger, derived()))
    assert message == "north-2026.1 was adopted already"
    message = refused(ledger, BadInput, lambda: adopt(ledger, derived(LATER)))
    assert message == "north-2026.1 is the id of another text, adopted on 2025-01-06"
    message = refused(ledger, BadInput, lambda: adopt(ledger, BASE))
    assert message == "si-2026.1 was adopted already"


@pytest.mark.parametrize("name", ["rivera", "nobody", ""])
def test_nobody_but_a_clinician_signs(clinic, ledger, name):
    def act():
        protocols.adopt(ledger, RIVERA, derived(), name)

    assert "an adoption needs a clinician" in refused(ledger, NotPermitted, act)


def test_a_stranger_adopts_nothing(clinic, ledger):
    def act():
        protocols.adopt(ledger, Author("smith", "account"), derived(), "osei")

    refused(ledger, NotPermitted, act)


def test_a_protocol_is_found_by_its_id_or_the_beginning_of_its_hash(clinic, ledger):
    mine = derived()
    adopt(ledger, mine)
    for word in ("north-2026.1", mine.hash, mine.hash[:8], mine.hash[:12].upper()):
        assert protocols.protocol_named(ledger, word) == mine
    for word in ("north-2026.2", mine.hash[:7], "", "0" * 64):
        with pytest.raises(NotFound, match=r"it keeps north-2026.1, si-2026.1"):
            protocols.protocol_named(ledger, word)


def test_a_base_is_the_one_that_was_adopted_here_else_the_shipped_one(clinic, ledger):
    assert protocols.base_in(ledger, "si-2026.1") == BASE
    adopt(ledger, derived())
    assert protocols.base_in(ledger, "north-2026.1") == derived()
    with pytest.raises(NotFound):
        protocols.base_in(ledger, "si-1999.1")


# --- migrating


def test_a_migration_moves_what_is_due_and_names_who_signed(clinic, ledger):
    key = clinic.walked()
    assert due(ledger, key, "CON-TRIAL") == dt.date(2025, 3, 13)
    adopt(ledger, derived(LATER))
    clinic.at("2025-02-03")
    [done] = migrate(ledger)
    assert done.rehearsal.verdict is Verdict.MOVES
    entry = entries_of(ledger, key.stream)[-1]
    assert entry == done.entry
    assert entry.kind == MIGRATED
    assert (entry.provenance.performer, entry.provenance.recorder) == ("osei", "rivera")
    assert entry.payload == {
        "account": "account",
        "clinician": "osei",
        "from": "si-2026.1",
        "from_hash": BASE.hash,
        "to": "north-2026.1",
        "to_hash": derived(LATER).hash,
    }
    assert pinned_to(ledger, key) == "north-2026.1"
    assert due(ledger, key, "CON-TRIAL") == dt.date(2025, 3, 27)
    assert [each.running for each in protocols.known_protocols(ledger)] == [1, 0]
    assert codes_of(ledger) == set()


def test_before_the_migration_the_record_shows_the_protocol_of_then(clinic, ledger):
    key = clinic.walked()
    adopt(ledger, derived(LATER))
    clinic.at("2025-02-03")
    known = ledger.clock()
    clinic.at("2025-02-10")
    migrate(ledger)
    day = dt.date(2025, 2, 9)
    assert pinned_to(ledger, key, as_of=day) == "si-2026.1"
    assert pinned_to(ledger, key, as_known=known) == "si-2026.1"
    assert due(ledger, key, "CON-TRIAL", as_of=day) == dt.date(2025, 3, 13)
    assert due(ledger, key, "CON-TRIAL", as_known=known) == dt.date(2025, 3, 13)
    after = dt.date(2025, 2, 10)
    assert pinned_to(ledger, key, as_of=after) == "north-2026.1"
    assert due(ledger, key, "CON-TRIAL", as_of=after) == dt.date(2025, 3, 27)


def in_re_evaluation(clinic):
    """An episode whose source was tested by three provocation tests, and not decided."""
    key = clinic.injected("2025-01-06")
    clinic.record(key, "diary", readings=("1h=2",))
    clinic.at("2025-01-20")
    clinic.record(key, "score", nrs="7")
    clinic.advance(key, "re-evaluation")
    clinic.record(key, "exam", positive="faber,gaenslen,yeoman", negative="aslr")
    screens = {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"}
    clinic.record(key, "screen", **screens)
    return key


def test_a_move_is_judged_by_the_protocol_of_its_day(clinic, ledger):
    key = in_re_evaluation(clinic)
    adopt(ledger, derived(STRICTER))
    clinic.at("2025-02-03")
    migrate(ledger)
    clinic.at("2025-02-10")
    with pytest.raises(NotEligible):
        clinic.advance(key, "conservative-care")
    with pytest.raises(NotEligible):
        clinic.advance(key, "conservative-care", on=dt.date(2025, 2, 3))
    # It happened before the numbers were changed, and was written down late.
    written = clinic.advance(key, "conservative-care", on=dt.date(2025, 1, 31))
    assert written.entry.protocol == BASE.hash
    assert written.protocol.id == pinned_to(ledger, key) == "north-2026.1"
    assert codes_of(ledger) == set()


def test_a_hold_is_judged_by_the_protocol_of_its_day(clinic, ledger):
    from sitrack.coordination.parking import change_status
    from sitrack.journey import parking

    key = clinic.walked()
    adopt(ledger, derived("[numbers]\nhold_review_max_days = { value = 7 }\n"))
    clinic.at("2025-02-03")
    migrate(ledger)
    clinic.at("2025-02-10")

    def hold(day):
        review = day + dt.timedelta(days=30)
        change_status(
            ledger,
            RIVERA,
            key,
            lambda asked: parking.hold(asked, "pregnancy", review),
            on=day,
        )

    with pytest.raises(NotEligible):
        hold(dt.date(2025, 2, 5))
    hold(dt.date(2025, 2, 1))
    assert codes_of(ledger) == set()


def test_several_are_one_command_and_each_says_how_it_went(clinic, ledger):
    moves = clinic.walked()
    stays = in_re_evaluation(clinic)
    clinic.advance(stays, "conservative-care")
    adopt(ledger, derived(LATER + STRICTER))
    clinic.at("2025-02-03")
    unchanged = clinic.opened()
    before = entries_of(ledger, stays.stream)
    done = {each.rehearsal.episode.key: each for each in migrate(ledger)}
    # Both were confirmed by fewer than five tests; the third one was opened under it.
    assert set(done) == {moves, stays}
    assert {each.rehearsal.verdict for each in done.values()} == {Verdict.ILLEGAL}
    assert entries_of(ledger, stays.stream) == before
    assert pinned_to(ledger, unchanged) == "north-2026.1"

    adopt(ledger, derived(LATER, "north-2026.2"))
    done = migrate(ledger, "north-2026.2")
    assert [each.rehearsal.verdict for each in done] == [
        Verdict.MOVES,
        Verdict.MOVES,
        Verdict.UNCHANGED,
    ]
    assert len({each.entry.batch for each in done}) == 1
    assert codes_of(ledger) == set()


def test_what_needs_a_person_is_brought_over_when_somebody_names_it(clinic, ledger):
    key = clinic.walked()
    text = "[[follow_ups]]\nid = 'CON-CHECK'\nremove = true\n"
    adopt(ledger, derived(text))
    [asked] = migrate(ledger)
    assert (asked.rehearsal.verdict, asked.entry) == (Verdict.PERSON, None)
    assert pinned_to(ledger, key) == "si-2026.1"
    [done] = migrate(ledger, keys=[key])
    assert done.rehearsal.verdict is Verdict.PERSON
    assert pinned_to(ledger, key) == "north-2026.1"
    assert due(ledger, key, "CON-CHECK") is None
    assert codes_of(ledger) == set()


def test_an_alert_needs_a_person(clinic, ledger):
    key = clinic.walked()
    adopt(ledger, derived(LATER))
    with driver(ledger) as run:
        run(
            "UPDATE episode SET alert = ? WHERE key = ?",
            "guard-no-longer-met",
            str(key),
        )
    [found] = plan(ledger).rehearsals
    assert found.why == ("alert: guard-no-longer-met",)


def test_an_episode_may_be_brought_back(clinic, ledger):
    key = clinic.walked()
    adopt(ledger, derived(LATER))
    migrate(ledger)
    clinic.at("2025-02-03")
    migrate(ledger, "si-2026.1")
    assert pinned_to(ledger, key) == "si-2026.1"
    assert due(ledger, key, "CON-TRIAL") == dt.date(2025, 3, 13)
    kinds = [each.kind for each in entries_of(ledger, key.stream)]
    assert kinds.count(MIGRATED) == 2
    assert codes_of(ledger) == set()


def test_a_rehearsal_and_a_dry_run_write_nothing(clinic, ledger):
    clinic.walked()
    adopt(ledger, derived(LATER))
    before = everything(ledger)
    assert plan(ledger).rehearsals[0].verdict is Verdict.MOVES
    [done] = migrate(ledger, dry_run=True)
    assert done.entry is not None
    assert everything(ledger) == before


def test_finished_episodes_are_left_alone(clinic, ledger):
    key = clinic.injected("2025-01-06")
    clinic.advance(key, "closed", command="episode finish", reason="declined")
    adopt(ledger, derived(LATER))
    assert plan(ledger).rehearsals == []
    with pytest.raises(NotFound, match="is not under way"):
        plan(ledger, keys=[key])
    assert pinned_to(ledger, key) == "si-2026.1"


def test_what_became_of_an_episode_since_the_rehearsal_counts(clinic, ledger):
    finished = clinic.injected("2025-01-06")
    stays = clinic.walked()
    adopt(ledger, derived(LATER))
    planned = plan(ledger)
    assert [each.episode.key for each in planned.rehearsals] == [finished, stays]
    clinic.advance(finished, "closed", command="episode finish", reason="declined")
    hold(ledger, stays)
    done = migration.migrate(ledger, RIVERA, planned, "osei", tell=lambda _: None)
    [only] = done
    assert (only.rehearsal.episode.key, only.entry) == (stays, None)
    assert only.rehearsal.why == ("it is on hold",)


def hold(ledger, key):
    from sitrack.coordination.parking import change_status
    from sitrack.journey import parking

    today = questions.today_of(ledger)
    review = today + dt.timedelta(days=30)
    change_status(
        ledger, RIVERA, key, lambda asked: parking.hold(asked, "pregnancy", review)
    )


def test_one_that_follows_it_already_is_counted_and_not_written_again(clinic, ledger):
    clinic.walked()
    adopt(ledger, derived(LATER))
    planned = plan(ledger)
    migrate(ledger)
    assert (plan(ledger).already, plan(ledger).rehearsals) == (1, [])
    again = migration.migrate(ledger, RIVERA, planned, "osei", tell=lambda _: None)
    assert again == []


@pytest.mark.parametrize("name", ["rivera", "nobody"])
def test_nobody_but_a_clinician_signs_a_migration(clinic, ledger, name):
    clinic.walked()
    adopt(ledger, derived(LATER))
    planned = plan(ledger)

    def act():
        migration.migrate(ledger, RIVERA, planned, name, tell=lambda _: None)

    assert "a migration needs a clinician" in refused(ledger, NotPermitted, act)


def test_a_protocol_that_was_not_adopted_leads_nowhere(clinic, ledger):
    clinic.walked()
    with pytest.raises(NotFound, match="the record keeps no protocol"):
        plan(ledger)


def test_both_sides_of_a_patient_are_brought_over_together(clinic, ledger):
    patient = clinic.enrolled()
    keys = [clinic.opened(patient, side) for side in Side]
    adopt(ledger, derived("[[follow_ups]]\nid = 'INJ-SCHED'\noffset = 21\n"))
    assert [each.rehearsal.episode.key for each in migrate(ledger)] == keys
    assert codes_of(ledger) == set()


# --- taking back


def test_a_migration_is_taken_back_as_one_command(clinic, ledger):
    keys = [clinic.walked(), clinic.walked()]
    adopt(ledger, derived(LATER))
    clinic.at("2025-02-03")
    migrate(ledger)
    clinic.at("2025-02-10")
    done = undo(ledger, RIVERA, None)
    assert [each.after.key for each in done] == keys
    for key, each in zip(keys, done, strict=True):
        assert each.protocol.id == pinned_to(ledger, key) == "si-2026.1"
        assert due(ledger, key, "CON-TRIAL") == dt.date(2025, 3, 13)
        assert pinned_to(ledger, key, as_of=dt.date(2025, 2, 5)) == "north-2026.1"
        entry = entries_of(ledger, key.stream)[-1]
        assert entry.kind == MIGRATED
        assert (entry.payload["from"], entry.payload["to"]) == (
            "north-2026.1",
            "si-2026.1",
        )
        assert entry.provenance.performer == "osei"
    assert codes_of(ledger) == set()


def test_a_migration_that_something_was_decided_by_is_not_taken_back(clinic, ledger):
    key = in_re_evaluation(clinic)
    adopt(ledger, derived("[numbers]\nmin_provocative_tests = { value = 2 }\n"))
    clinic.at("2025-02-03")
    [done] = migrate(ledger)
    clinic.advance(key, "conservative-care")

    def act():
        undo(ledger, RIVERA, f"{key}#{done.entry.seq}")

    message = refused(ledger, NotEligible, act)
    assert message.endswith(f"was decided after the migration of #{done.entry.seq}")


def test_an_adoption_is_no_command_that_is_taken_back(clinic, ledger):
    batch = adopt(ledger, derived()).entry.batch
    message = refused(ledger, NotEligible, lambda: undo(ledger, RIVERA, batch))
    assert message.startswith("that command wrote to no episode")


# --- verifying


def forged(ledger, key, **changes):
    """Write a migration past the rules that the use case keeps."""
    mine = derived(LATER)
    payload = {"from_hash": BASE.hash, "to_hash": mine.hash} | changes
    who = Provenance("osei", "rivera", "clinic")
    with writing(ledger) as work:
        work.load(key.stream)
        work.append(
            key.stream,
            Draft(MIGRATED, work.today, who, protocol=mine.hash, payload=payload),
        )


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"from_hash": "0" * 64}, "it was not pinned to the protocol that it says"),
        ({"to_hash": BASE.hash}, "it does not lead to the protocol that it says"),
    ],
)
def test_a_migration_that_lies_is_found(clinic, ledger, changes, seen):
    key = clinic.walked()
    adopt(ledger, derived(LATER))
    forged(ledger, key, **changes)
    number = len(entries_of(ledger, key.stream))
    assert ("REPLAY", key.stream, number) in faults_of(ledger)


def test_a_protocol_that_was_slipped_in_is_found(clinic, ledger):
    mine = derived(LATER)
    with writing(ledger) as work:
        library.adopt(work, mine, work.now)
    assert ("LEDGER", "office", None) in faults_of(ledger)


@pytest.mark.parametrize(
    "change", ["text = text || '#'", "id = 'north-2026.7'"], ids=["text", "id"]
)
def test_a_protocol_that_was_changed_is_found_before_anybody_follows_it(
    clinic, ledger, change
):
    number = adopt(ledger, derived(LATER)).entry.seq
    assert codes_of(ledger) == set()
    with driver(ledger) as run:
        run(f"UPDATE protocol SET {change} WHERE id = 'north-2026.1'")
    assert faults_of(ledger) == [("LEDGER", "office", number)]
