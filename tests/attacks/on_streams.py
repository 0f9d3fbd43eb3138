"""Attacks on whole streams, and on the order between them."""

from .burglar import COPIES
from .catalogue import NOTHING, attack

STREAMS = "Streams"


def _gone(b, stream, key):
    rows = [row["seq"] for row in b.entries(stream)]
    b.remove(stream, *rows)
    b.head(stream, 0, None)
    b.forget(key)


@attack(STREAMS, "delete a whole stream", C="STREAM_MISSING")
def delete_stream(b):
    _gone(b, b.other, b.house.other)


@attack(
    STREAMS,
    "delete a stream and its mention in the patient's",
    C=None,
    K="SEAL_TRUNCATED",
)
def delete_stream_and_mention(b):
    _gone(b, b.other, b.house.other)
    patient = f"patient/{b.house.other.patient}"
    b.remove(patient, 2)
    b.chain_anew(patient)


@attack(STREAMS, "delete a patient altogether", C=None, K="SEAL_TRUNCATED")
def delete_patient(b):
    _gone(b, b.other, b.house.other)
    patient = f"patient/{b.house.other.patient}"
    b.remove(patient, 1, 2)
    b.head(patient, 0, None)
    b.sql("DELETE FROM patient WHERE key = ?", b.house.other.patient)


def _renamed(b, old, new):
    for table in ("payload", "entry"):
        b.sql(f"UPDATE {table} SET stream = ? WHERE stream = ?", new, old)
    b.head(old, 0, None)
    b.chain_anew(new)


@attack(STREAMS, "move a stream to another patient", C="STREAM_MISSING")
def move_stream(b):
    _renamed(b, b.other, f"episode/{b.house.one.patient}-L")


@attack(
    STREAMS,
    "the same, with its mentions and its standing",
    C=None,
    K="SEAL_TRUNCATED",
)
def move_stream_and_mentions(b):
    new = f"{b.house.one.patient}-L"
    _renamed(b, b.other, f"episode/{new}")
    for table, column in COPIES:
        change = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"
        b.sql(change, new, str(b.house.other))
    b.sql("UPDATE episode SET patient = ? WHERE key = ?", b.house.one.patient, new)
    patient = f"patient/{b.house.other.patient}"
    b.remove(patient, 2)
    b.chain_anew(patient)
    mention = {**b.content(f"patient/{b.house.one.patient}", 2), "episode": new}
    b.append(
        f"patient/{b.house.one.patient}",
        mention,
        kind="episode-opened",
        recorded="2025-01-30T09:30:00.000000Z",
    )


@attack(STREAMS, "merge two streams", C="STREAM_MISSING")
def merge_streams(b):
    start = len(b.entries(b.one))
    b.sql("PRAGMA foreign_keys = OFF")
    for row in b.entries(b.other):
        for table in ("payload", "entry"):
            change = (
                f"UPDATE {table} SET stream = ?, seq = ? WHERE stream = ? AND seq = ?"
            )
            b.sql(change, b.one, start + row["seq"], b.other, row["seq"])
    b.head(b.other, 0, None)
    b.chain_anew(b.one)
    b.forget(b.house.other)


@attack(
    STREAMS,
    "move an entry to another patient, chain both anew",
    C=None,
    K="SEAL_ROOT",
)
def move_entry(b):
    b.shift(b.other, 2, 1)
    for table in ("payload", "entry"):
        change = f"UPDATE {table} SET stream = ?, seq = 2 WHERE stream = ? AND seq = 9"
        b.sql(change, b.other, b.one)
    b.edit(b.other, 2, recorded="2025-01-30T09:11:00.000000Z")
    b.edit(b.other, 3, recorded="2025-01-30T09:12:00.000000Z")
    b.shift(b.one, 10, -1)
    b.chain_anew(b.one)
    b.chain_anew(b.other)
    for key, by in ((b.house.one, -1), (b.house.other, 1)):
        b.sql("UPDATE episode SET version = version + ? WHERE key = ?", by, str(key))


@attack(
    STREAMS,
    "change what came first of two streams, chain both anew",
    C=None,
    K="SEAL_ROOT",
)
def reorder_across(b):
    b.edit(b.one, 10, recorded="2025-01-30T09:15:00.000000Z")
    b.chain_anew(b.one)


@attack(
    STREAMS,
    "change the order of the leaves between two seals",
    C=NOTHING,
    K="SEAL_ROOT",
)
def reorder_leaves(b):
    for old, new in ((19, -1), (22, 19), (-1, 22)):
        b.sql("UPDATE leaf SET position = ? WHERE position = ?", new, old)


@attack(STREAMS, "delete the log of who saw what", C=None, K="SEAL_TRUNCATED")
def delete_access_log(b):
    b.remove("access/rivera", 1, 2)
    b.head("access/rivera", 0, None)


@attack(
    STREAMS,
    "cut off of that log what is under no seal",
    C=None,
    declared="reads print no receipt: theirs is the time between heads that leave "
    "the machine",
)
def cut_access_log(b):
    b.remove("access/rivera", 2)
    b.chain_anew("access/rivera")
