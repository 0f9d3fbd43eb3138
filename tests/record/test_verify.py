"""Tampering by somebody who owns the database: each kind is found, and named."""

import contextlib
import datetime as dt
import hashlib
import json
import secrets
import uuid

import pytest

from sitrack.clock import machine_clock
from sitrack.record import adrift, chain, codec, upgrade, verify
from sitrack.record.ledger import reading
from tests.clinic import Clinic, codes_of, driver, faults_of


@pytest.fixture(scope="module")
def original(shared_ledger):
    """A ledger whose one patient has reached conservative care: its URL, the key."""
    key = Clinic(shared_ledger).walked()
    assert faults_of(shared_ledger) == []
    shared_ledger.close()
    return shared_ledger.url, key, shared_ledger.clock


@pytest.fixture
def walked(original, copied):
    """A copy of the original, and the key of its episode."""
    url, key, clock = original
    return copied(url, clock), key


@pytest.fixture
def tampered(walked):
    """Run statements with every guard dropped; return what `verify` then finds."""
    ledger, key = walked

    def tamper(*statements):
        with driver(ledger) as run:
            run.without_triggers()
            for statement in statements:
                run(statement.replace("$episode", key.stream).replace("$key", str(key)))
        return faults_of(ledger)

    tamper.ledger, tamper.key = ledger, key
    return tamper


# --- a record that nobody touched


def test_a_walked_ledger_is_clean_and_everything_was_looked_at(walked):
    ledger, key = walked
    told = []
    with reading(ledger) as connection:
        report = verify.verify(connection, ledger, told.append)
        assert report.entries == verify.count_entries(connection) > 10
        assert told[-1] == verify.steps(connection) > report.entries
    assert (report.streams, report.episodes, report.faults) == (3, 1, [])
    assert told == sorted(told)
    assert str(key) not in str(report)


def test_a_guard_that_was_dropped_and_put_back_leaves_no_fault(tampered):
    assert tampered() == []


def test_a_guard_that_was_dropped_is_found_though_nothing_else_was_changed(walked):
    ledger, _ = walked
    with driver(ledger) as run:
        run.without_triggers().dropped.clear()
    assert codes_of(ledger) == {"SCHEMA"}


def test_an_empty_ledger_is_clean(ledger):
    assert faults_of(ledger) == []


# --- one entry, its header and its content

IN_EPISODE = "stream = '$episode' AND seq"


def test_an_edited_payload_is_found(tampered):
    found = tampered(
        'UPDATE payload SET body = replace(body, \'"nrs":"8"\', \'"nrs":"1"\') '
        f"WHERE {IN_EPISODE} = 2"
    )
    assert found == [("PAYLOAD", tampered.key.stream, 2)]


def test_another_salt_is_found(tampered):
    zeros = "x'" + "00" * 16 + "'"
    if tampered.ledger.on_postgres:
        zeros = "'\\x" + "00" * 16 + "'"
    found = tampered(f"UPDATE payload SET salt = {zeros} WHERE {IN_EPISODE} = 2")
    assert found == [("PAYLOAD", tampered.key.stream, 2)]


def test_two_payloads_that_changed_places_are_found(tampered):
    found = tampered(
        f"UPDATE payload SET seq = -1 WHERE {IN_EPISODE} = 2",
        f"UPDATE payload SET seq = 2 WHERE {IN_EPISODE} = 4",
        f"UPDATE payload SET seq = 4 WHERE {IN_EPISODE} = -1",
    )
    assert found == [("PAYLOAD", tampered.key.stream, 2)]


def test_a_deleted_payload_is_found(tampered):
    found = tampered(f"DELETE FROM payload WHERE {IN_EPISODE} = 3")
    assert found == [("PAYLOAD_MISSING", tampered.key.stream, 3)]


HEADER = {
    "entry_id": "'another'",
    "kind": "'score'",
    "stage_from": "'rfa'",
    "stage_to": "'relief'",
    "performer": "'somebody'",
    "recorder": "'somebody'",
    "source": "'elsewhere'",
    "protocol": "NULL",
    "corrects": "1",
    "batch": "'another'",
    "occurred": "'2025-01-05'",
    "recorded": "'2025-01-20T09:00:00.000007Z'",
}


@pytest.mark.parametrize("column", HEADER)
def test_an_edited_header_is_found(tampered, column):
    found = tampered(
        f"UPDATE entry SET {column} = {HEADER[column]} WHERE {IN_EPISODE} = 5"
    )
    assert found == [("HASH", tampered.key.stream, 5)]


def test_an_empty_field_is_not_a_missing_one(tampered):
    found = tampered(f"UPDATE entry SET performer = '' WHERE {IN_EPISODE} = 5")
    assert found == [("HASH", tampered.key.stream, 5)]


def test_an_entry_moved_to_another_stream_is_found(tampered):
    found = tampered(
        "UPDATE payload SET stream = 'office', seq = 9 "
        "WHERE stream = '$episode' AND seq = 8",
        "UPDATE entry SET stream = 'office', seq = 9 "
        "WHERE stream = '$episode' AND seq = 8",
    )
    assert ("SEQ", "office", 5) in found
    assert {code for code, stream, _ in found if stream == tampered.key.stream} == {
        "HEAD"
    }


# --- rows that are gone


def test_a_deleted_middle_entry_is_found(tampered):
    found = tampered(
        f"DELETE FROM payload WHERE {IN_EPISODE} = 4",
        f"DELETE FROM entry WHERE {IN_EPISODE} = 4",
    )
    assert found == [("SEQ", tampered.key.stream, 4)]


def test_a_deleted_middle_entry_is_found_when_the_rest_is_renumbered(tampered):
    renumbered = (
        f"UPDATE {table} SET seq = {number - 1} WHERE {IN_EPISODE} = {number}"
        for table in ("payload", "entry")
        for number in range(5, 12)
    )
    found = tampered(
        f"DELETE FROM payload WHERE {IN_EPISODE} = 4",
        f"DELETE FROM entry WHERE {IN_EPISODE} = 4",
        *renumbered,
    )
    assert found == [("LINK", tampered.key.stream, 4)]


def test_a_deleted_last_entry_is_found_by_the_head(tampered):
    last = "(SELECT seq FROM stream WHERE stream = '$episode')"
    found = tampered(
        f"DELETE FROM payload WHERE {IN_EPISODE} = {last}",
        f"DELETE FROM entry WHERE {IN_EPISODE} = {last}",
    )
    assert [code for code, _, _ in found] == ["HEAD"]


@pytest.mark.parametrize(
    "change",
    ["seq = seq - 1", "seq = seq + 1", "hash = (SELECT previous FROM entry LIMIT 1)"],
)
def test_a_wrong_head_is_found(tampered, change):
    found = tampered(f"UPDATE stream SET {change} WHERE stream = '$episode'")
    assert [code for code, _, _ in found] == ["HEAD"]


def test_a_head_that_is_gone_is_found(tampered):
    found = tampered("DELETE FROM stream WHERE stream = '$episode'")
    assert found[0][:2] == ("HEAD", tampered.key.stream)


ENTRIES_OF = (
    "DELETE FROM payload WHERE stream = '$episode'",
    "DELETE FROM entry WHERE stream = '$episode'",
)
COPIES_OF = tuple(
    f"DELETE FROM {table} WHERE {column} = '$key'"
    for table, column in (
        ("agenda", "episode"),
        ("stage_span", "episode"),
        ("episode", "key"),
    )
)


def test_a_stream_without_entries_is_found(tampered):
    found = tampered(*ENTRIES_OF)
    assert ("STREAM_MISSING", tampered.key.stream, None) in found


def test_a_whole_stream_that_vanished_is_found_by_its_mention(tampered):
    """The patient's stream says that there was an episode."""
    gone = "DELETE FROM stream WHERE stream = '$episode'"
    found = tampered(*ENTRIES_OF, gone, *COPIES_OF)
    patient = f"patient/{tampered.key.patient}"
    assert found == [("STREAM_MISSING", patient, 2)]


def test_a_patient_without_entries_is_found(tampered):
    patient = f"patient/{tampered.key.patient}"
    found = tampered(
        f"DELETE FROM payload WHERE stream = '{patient}'",
        f"DELETE FROM entry WHERE stream = '{patient}'",
        f"DELETE FROM stream WHERE stream = '{patient}'",
    )
    assert ("STREAM_MISSING", patient, None) in found


# --- the copies

STANDING = {
    "stage": "UPDATE episode SET stage = 'rfa'",
    "since": "UPDATE episode SET since = '2025-01-01'",
    "status": "UPDATE episode SET status = 'lost'",
    "version": "UPDATE episode SET version = version + 1",
    "coordinator": "UPDATE episode SET coordinator = 'somebody'",
    "a span's day": "UPDATE stage_span SET entered = '2025-01-01' WHERE visit = 1",
    "a span that is gone": "DELETE FROM stage_span WHERE visit = 1",
    "a line's day": "UPDATE agenda SET due = '2030-01-01'",
    "a line's title": "UPDATE agenda SET title = 'nothing to do'",
    "a line that is gone": "DELETE FROM agenda WHERE rule = 'CON-CHECK'",
    "a line too many": "INSERT INTO agenda SELECT episode, visit, 'X', occurrence, "
    "anchor, show_from, due, title, waits_for, recipient, resolved_by, step, step_on, "
    "tries, urgent FROM agenda WHERE rule = 'CON-CHECK'",
}


@pytest.mark.parametrize("what", STANDING)
def test_a_copy_that_does_not_follow_from_the_entries_is_found(tampered, what):
    assert tampered(STANDING[what]) == [("STANDING", tampered.key.stream, None)]


def test_a_standing_row_that_is_gone_is_found(tampered):
    found = tampered("DELETE FROM episode WHERE key = '$key'")
    assert found == [("STANDING", tampered.key.stream, None)]


def test_the_step_that_a_reminder_has_reached_is_no_entrys_business(tampered):
    assert tampered("UPDATE agenda SET step = NULL, step_on = NULL") == []


# --- entries that are chained as they should be, and yet cannot be


def forged(ledger, stream, **changes):
    """Append an entry with a valid hash, by arithmetic of its own."""
    with driver(ledger) as run:
        run.without_triggers()
        columns = ("seq", "hash", "recorded")
        query = f"SELECT {', '.join(columns)} FROM entry WHERE stream = ? ORDER BY seq"
        seq, previous, recorded = run(query, stream)[-1]
        salt, payload = secrets.token_bytes(16), changes.pop("payload", {})
        body = json.dumps(payload, sort_keys=True, separators=(",", ":"))
        tag = b"sitrack/payload/1\n"
        row = {
            "stream": stream,
            "seq": seq + 1,
            "entry_id": uuid.uuid4().hex,
            "kind": "score",
            "stage_from": None,
            "stage_to": None,
            "occurred": "2025-01-30",
            "recorded": recorded.replace("Z", "")[:-1] + "9Z",
            "performer": None,
            "recorder": "rivera",
            "source": "clinic",
            "protocol": None,
            "corrects": None,
            "batch": uuid.uuid4().hex,
            "commitment": hashlib.sha256(tag + salt + body.encode()).digest(),
            "previous": bytes(previous),
            **changes,
        }
        header = codec.header_of(ledger.ledger_id, row)
        row["hash"] = chain.entry_hash(bytes(previous), header)
        marks = ", ".join("?" for _ in row)
        run(f"INSERT INTO entry ({', '.join(row)}) VALUES ({marks})", *row.values())
        run("INSERT INTO payload VALUES (?, ?, ?, ?)", stream, seq + 1, salt, body)
        head = "UPDATE stream SET seq = ?, hash = ? WHERE stream = ?"
        run(head, seq + 1, row["hash"], stream)
    return seq + 1


def _move(protocol, target="rfa", name="to-rfa", **more):
    return {
        "kind": "move",
        "stage_from": "conservative-care",
        "stage_to": target,
        "protocol": protocol,
        "payload": {"move": name, "rests_on": [], "findings": []},
        **more,
    }


@pytest.fixture
def forge(walked):
    """Append a forged entry to the episode; return its number and the findings."""
    ledger, key = walked
    with driver(ledger) as run:
        [(protocol,)] = run("SELECT hash FROM protocol")

    def append(**changes):
        seq = forged(ledger, key.stream, **changes)
        return seq, faults_of(ledger)

    append.protocol, append.key, append.ledger = protocol, key, ledger
    return append


def test_a_move_that_the_protocol_lacks_is_found_by_replay(forge):
    seq, found = forge(**_move(forge.protocol))
    assert ("REPLAY", forge.key.stream, seq) in found


def test_a_move_whose_requirements_were_not_met_is_found_by_replay(forge):
    move = _move(forge.protocol, "diagnostic-block", "conservative-care-fails")
    seq, found = forge(**move)
    assert ("REPLAY", forge.key.stream, seq) in found


def test_a_move_out_of_another_stage_is_found_by_replay(forge):
    move = _move(forge.protocol, "fusion-evaluation", stage_from="rfa")
    seq, found = forge(**move)
    assert ("REPLAY", forge.key.stream, seq) in found


def test_a_variance_that_the_move_does_not_know_lifts_nothing(forge):
    move = _move(forge.protocol, "diagnostic-block", "conservative-care-fails")
    move["payload"]["variance"] = {"code": "because", "clinician": "osei"}
    seq, found = forge(**move)
    assert ("REPLAY", forge.key.stream, seq) in found


def test_an_entry_of_the_future_is_found(forge):
    seq, found = forge(occurred="2025-02-01", payload={"values": {"nrs": "1"}})
    assert ("FUTURE", forge.key.stream, seq) in found


def test_an_entry_written_in_the_future_is_found(forge):
    seq, found = forge(recorded="2999-01-01T00:00:00.000000Z")
    assert ("FUTURE", forge.key.stream, seq) in found


def of_the_machine(ledger):
    """Take the handed-in clock away again, as a command without it does."""
    ledger.clock, ledger.injected = machine_clock, False


def test_a_practice_record_holds_though_the_clock_was_once_forgotten(ledger):
    clinic = Clinic(ledger)
    key, walked_to = clinic.injected(), ledger.clock
    of_the_machine(ledger)
    clinic.record(key, "score", nrs="7")
    assert faults_of(ledger) == []
    ledger.use_clock(walked_to)
    assert faults_of(ledger) == []
    with reading(ledger) as connection:
        assert verify.stream_fault(connection, ledger, key.stream) == (3, None)


@pytest.mark.parametrize(("ahead", "is_found"), [(0, False), (3600, True)])
def test_what_is_later_than_both_clocks_is_of_the_future(forge, ahead, is_found):
    written = machine_clock() + dt.timedelta(seconds=ahead)
    seq, found = forge(recorded=codec.instant_text(written))
    assert (("FUTURE", forge.key.stream, seq) in found) == is_found


def test_a_real_record_knows_its_own_clock_only(ledger_url):
    made = upgrade.create(
        ledger_url, zone="Europe/London", synthetic=False, recorder="tests"
    )
    with contextlib.closing(made) as ledger:
        key = Clinic(ledger).opened()
        written = machine_clock() + dt.timedelta(hours=1)
        day = written.date().isoformat()
        changes = {"recorded": codec.instant_text(written), "occurred": day}
        forged(ledger, key.stream, **changes, payload={"values": {"nrs": "1"}})
        assert ("FUTURE", key.stream, 2) in faults_of(ledger)


def test_an_entry_written_before_its_predecessor_is_found(forge):
    seq, found = forge(recorded="2025-01-01T00:00:00.000000Z", occurred="2025-01-01")
    assert ("CLOCK", forge.key.stream, seq) in found


@pytest.mark.parametrize(
    "when",
    [
        "yesterday",
        "2025-02-30",
        "",
        "2025-01-30T99:00",
        "2025-01-30T09:00:00",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_a_time_that_cannot_be_read_is_a_finding_and_no_crash(forge, when):
    _, found = forge(occurred=when)
    assert {found[0][:2]} == {("INTEGRITY", forge.key.stream)}


SENSELESS = (
    {"values": 7},
    {"values": {"nrs": "many"}},
    {"values": {"nrs": None}},
    {"about": "x", "values": {}},
    {"readings": 7},
    [],
    "text",
    None,
)


def test_content_that_tells_no_journey_is_a_finding_and_no_crash(forge):
    stream = forge.key.stream
    with driver(forge.ledger) as run:
        [head] = run("SELECT seq, hash FROM stream WHERE stream = ?", stream)
    for kind in ("score", "diary", "injection", "opened", "move", "nonsense"):
        for payload in SENSELESS:
            seq, found = forge(kind=kind, payload=payload)
            assert found, (kind, payload)
            assert {where for _, where, _ in found} == {stream}
            _take_back(forge.ledger, stream, seq, head)
    assert faults_of(forge.ledger) == []


def _take_back(ledger, stream, seq, head):
    with driver(ledger) as run:
        run.without_triggers()
        for table in ("payload", "entry", "unsealed"):
            run(f"DELETE FROM {table} WHERE stream = ? AND seq = ?", stream, seq)
        change = "UPDATE stream SET seq = ?, hash = ? WHERE stream = ?"
        run(change, *head, stream)


def test_a_payload_that_is_no_json_is_a_finding_and_no_crash(tampered):
    found = tampered("UPDATE payload SET body = '{'")
    assert {code for code, _, _ in found} == {"PAYLOAD"}
    assert len(found) == 3


def test_a_protocol_that_is_gone_is_a_finding_and_no_crash(tampered):
    found = tampered("UPDATE protocol SET hash = 'another'")
    assert found[0] == ("INTEGRITY", tampered.key.stream, None)
    assert [code for code, _, _ in found[1:]] == ["LEDGER"]


def test_a_protocol_that_nobody_adopted_is_found(tampered):
    found = tampered(
        "INSERT INTO protocol SELECT 'laxer', id, text, '2099-01-01T00:00:00.000000Z' "
        "FROM protocol"
    )
    assert [code for code, _, _ in found] == ["LEDGER"]


@pytest.mark.parametrize("change", ["synthetic = 0", "zone = 'Asia/Kathmandu'"])
def test_a_ledger_that_is_not_what_it_was_made_as_is_found(tampered, change):
    assert "LEDGER" in {
        code for code, _, _ in tampered(f"UPDATE instance SET {change}")
    }


ROLES = {
    "a role that nobody gave": "UPDATE staff SET role = 'admin' WHERE id = 'rivera'",
    "a person that nobody added": "INSERT INTO staff (id, role) VALUES ('eve', 'admin')",
    "a person that is gone": "DELETE FROM staff WHERE id = 'osei'",
}


@pytest.mark.parametrize("what", ROLES)
def test_a_staff_list_that_does_not_follow_from_office_is_found(tampered, what):
    [(code, stream, _)] = tampered(ROLES[what])
    assert (code, stream) == ("STANDING", "office")


def test_a_content_without_an_entry_is_found(sqlite_ledger):
    with driver(sqlite_ledger) as sql:
        sql.without_triggers()("PRAGMA foreign_keys = OFF")
        sql("INSERT INTO payload VALUES ('office', 99, x'00', '{}')")
    assert codes_of(sqlite_ledger) == {"ORPHAN"}


def test_an_edited_protocol_is_found(tampered):
    """Whoever softens the stored protocol would make illegal moves look legal."""
    found = tampered("UPDATE protocol SET text = text || '# softer'")
    assert found == [
        ("INTEGRITY", tampered.key.stream, None),
        ("LEDGER", "office", 2),
    ]


def test_a_protocol_that_was_read_already_is_read_anew(ledger):
    """A process that goes on for days does not answer for its text from memory."""
    with _protocol_changed_behind(ledger):
        assert codes_of(ledger) == {"INTEGRITY", "LEDGER"}


def test_a_look_for_what_lost_its_hold_reads_protocols_anew_as_well(ledger):
    with _protocol_changed_behind(ledger), reading(ledger) as connection:
        assert connection.info["protocols"]
        assert adrift.changed_protocols(connection)


@contextlib.contextmanager
def _protocol_changed_behind(ledger):
    """A text that was read already on the connection that is used next."""
    Clinic(ledger).walked()
    assert codes_of(ledger) == set()
    with driver(ledger) as run:
        run.without_triggers()("UPDATE protocol SET text = text || '# softer'")
    yield


def test_codes_name_what_is_wrong_and_no_more(tampered):
    """A second patient stays clean when the first was tampered with."""
    other = Clinic.__new__(Clinic)
    other.ledger = tampered.ledger
    clean = other.walked()
    found = tampered("UPDATE episode SET stage = 'rfa' WHERE key = '$key'")
    assert {stream for _, stream, _ in found} == {tampered.key.stream}
    assert str(clean) not in str(found)
    assert codes_of(tampered.ledger) == {"STANDING"}


# --- changes of status that would not be decided again


def _held(day="2025-01-30", review="2025-02-20", **more):
    payload = {"reason": "pregnancy", "review": review}
    return {"kind": "held", "occurred": day, "payload": payload, **more}


def test_a_hold_that_could_be_is_none_of_verifys_business(forge):
    _, found = forge(**_held())
    assert {code for code, *_ in found} == {"STANDING"}


IMPOSSIBLE = {
    "a review too far ahead": _held(review="2025-07-01"),
    "a reason of nobody's": _held(payload={"reason": "x", "review": "2025-02-20"}),
    "a hold dated before the stage": _held(day="2025-01-29"),
    "a hold that leads away": _held(
        stage_from="conservative-care", stage_to="re-evaluation"
    ),
    "a release of no hold": {"kind": "resumed", "payload": {"hold": 3}},
    "a renewal of no hold": {
        "kind": "hold-renewed",
        "payload": {"hold": 3, "review": "2025-02-20"},
    },
    "a loss of one nobody sought": {"kind": "lost"},
    "a return of one who was not lost": {
        "kind": "returned",
        "stage_from": "conservative-care",
        "stage_to": "conservative-care",
    },
}


@pytest.mark.parametrize("change", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_change_of_status_that_could_not_be_is_found_by_replay(forge, change):
    seq, found = forge(**change)
    assert ("REPLAY", forge.key.stream, seq) in found


def test_a_move_out_of_a_hold_is_found_by_replay(forge):
    forge(**_held())
    away = {"stage_from": "conservative-care", "stage_to": "re-evaluation"}
    payload = {"move": "reassess", "reason": "improved", "rests_on": []}
    move = {"kind": "move", "protocol": forge.protocol, "payload": payload, **away}
    seq, found = forge(**move, recorded="2025-01-30T09:01:00.000000Z")
    assert ("REPLAY", forge.key.stream, seq) in found
