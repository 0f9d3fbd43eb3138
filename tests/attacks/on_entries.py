"""Attacks on single entries: their contents, their headers, their times."""

from sitrack.journey.entries import Provenance
from sitrack.record import chain, erasing
from sitrack.record.journal import writing

from .catalogue import attack

CONTENTS, HEADERS, TIMES = "Contents", "Headers", "Times"


# --- contents


@attack(CONTENTS, "edit the text of a content", C="PAYLOAD")
def edit_content(b):
    change = "UPDATE payload SET body = replace(body, '\"8\"', '\"1\"')"
    b.sql(f"{change} WHERE stream = ? AND seq = 2", b.one)


@attack(CONTENTS, "edit a content and its commitment", C="HASH")
def edit_content_and_commitment(b):
    b.rewrite(b.one, 2, {**b.content(b.one, 2), "text": "another"})


@attack(
    CONTENTS, "edit a content and its commitment, chain anew", C=None, K="SEAL_ROOT"
)
def edit_content_and_chain(b):
    b.rewrite(b.one, 9, {**b.content(b.one, 9), "text": "Prefers evenings."})
    b.chain_anew(b.one)


@attack(CONTENTS, "delete a content", C="PAYLOAD_MISSING")
def delete_content(b):
    b.sql("DELETE FROM payload WHERE stream = ? AND seq = 4", b.one)


@attack(CONTENTS, "replace a content and its salt", C="PAYLOAD")
def replace_content_and_salt(b):
    b.sql("UPDATE payload SET salt = x'00', body = '{}' WHERE stream = ?", b.other)


@attack(CONTENTS, "swap two contents", C="PAYLOAD")
def swap_contents(b):
    for old, new in ((2, -1), (4, 2), (-1, 4)):
        change = "UPDATE payload SET seq = ? WHERE stream = ? AND seq = ?"
        b.sql(change, new, b.one, old)


@attack(CONTENTS, "put a content back after it was erased by law", C="ERASE_INCOMPLETE")
def put_back_after_erasure(b):
    kept = b.sql("SELECT * FROM payload WHERE stream = ? AND seq = 9", b.one)[0]
    who = Provenance("rivera", "rivera", "clinic")
    with writing(b.ledger) as work:
        erasing.erase(work, b.house.one.patient, who, {"basis": "court-order"})
    b.sql("INSERT INTO payload VALUES (?, ?, ?, ?)", *kept)


@attack(
    CONTENTS, "erase by an entry in the name of another patient", C="PAYLOAD_MISSING"
)
def erase_for_another(b):
    another = f"patient/{b.house.other.patient}"
    said = {"streams": [{"stream": b.one, "up_to": b.newer}]}
    b.append(another, said, kind="erased")
    b.sql("DELETE FROM payload WHERE stream = ?", b.one)


@attack(CONTENTS, "add a content that belongs to no entry", C="ORPHAN")
def add_orphan(b):
    b.sql("INSERT INTO payload VALUES (?, 99, x'00', '{}')", b.one)


@attack(
    CONTENTS, "give a content that is no JSON, its commitment, a chain", C="INTEGRITY"
)
def content_of_nonsense(b):
    b.sql("UPDATE payload SET body = '{' WHERE stream = ? AND seq = 2", b.one)
    [(salt,)] = b.sql("SELECT salt FROM payload WHERE stream = ? AND seq = 2", b.one)
    b.edit(b.one, 2, commitment=chain.commitment(salt, b"{"))
    b.chain_anew(b.one)


# --- headers


@attack(HEADERS, "edit one field of a header", C="HASH")
def edit_header(b):
    b.edit(b.one, 4, performer="somebody")


@attack(HEADERS, "edit a header and its hash", C="LINK")
def edit_header_and_hash(b):
    b.edit(b.one, 4, performer="somebody")
    row = b.entries(b.one)[3]
    b.edit(b.one, 4, hash=b.hash_of(row, row["previous"]))


@attack(HEADERS, "edit a header, chain the stream anew", C=None, K="SEAL_ROOT")
def edit_header_and_chain(b):
    b.edit(b.one, 4, performer="somebody")
    b.chain_anew(b.one)


@attack(
    HEADERS,
    "edit a header under no seal, chain anew",
    C=None,
    R="RECEIPT",
)
def edit_header_after_the_seal(b):
    b.edit(b.one, b.newer, performer="somebody")
    b.chain_anew(b.one)


@attack(HEADERS, "swap the headers of two entries", C="HASH")
def swap_headers(b):
    rows = b.entries(b.one)
    fields = ("kind", "recorder", "batch", "commitment")
    for here, there in ((4, 9), (9, 4)):
        b.edit(b.one, here, **{name: rows[there - 1][name] for name in fields})


@attack(HEADERS, "shift letters across the boundary of two fields", C="HASH")
def shift_letters(b):
    row = b.entries(b.one)[3]
    moved = row["recorder"][0]
    b.edit(b.one, 4, performer=moved, recorder=row["recorder"][1:])


@attack(HEADERS, "put an empty text for a missing one", C="HASH")
def empty_for_missing(b):
    b.edit(b.one, 4, performer="")


@attack(HEADERS, "put bytes into a header that are no text", C="INTEGRITY")
def no_text(b):
    change = "UPDATE entry SET recorder = CAST(x'c328' AS TEXT)"
    b.sql(f"{change} WHERE stream = ? AND seq = 2", b.one)


@attack(HEADERS, "hash an entry under an older tag, chain anew", C="HASH")
def older_tag(b):
    import hashlib

    from sitrack.record import codec

    row = b.entries(b.one)[-1]
    header = chain.frame(codec.header_of(b.ledger.ledger_id, row))
    tagged = b"sitrack/entry/0\n" + row["previous"] + header
    hashed = hashlib.sha256(tagged).digest()
    b.edit(b.one, row["seq"], hash=hashed)
    b.head(b.one, row["seq"], hashed)


@attack(HEADERS, "name another protocol, chain anew", C="REPLAY")
def another_protocol(b):
    b.sql("INSERT INTO protocol SELECT 'laxer', id, text, adopted FROM protocol")
    b.edit(b.one, 8, protocol="laxer")
    b.chain_anew(b.one)


# --- times


@attack(TIMES, "reorder two entries, chain anew", C="CLOCK")
def reorder_entries(b):
    for old, new in ((9, -1), (10, 9), (-1, 10)):
        for table in ("payload", "entry"):
            change = f"UPDATE {table} SET seq = ? WHERE stream = ? AND seq = ?"
            b.sql("PRAGMA ignore_check_constraints = ON")
            b.sql(change, new, b.one, old)
    b.chain_anew(b.one)


@attack(TIMES, "date the writing of an entry back, chain anew", C="CLOCK")
def recorded_back(b):
    b.edit(b.one, 10, recorded="2025-01-07T09:00:00.000000Z")
    b.chain_anew(b.one)


@attack(TIMES, "date what happened back, chain anew", C=None, K="SEAL_ROOT")
def occurred_back(b):
    b.edit(b.one, 9, occurred="2025-01-29")
    b.chain_anew(b.one)


@attack(TIMES, "let something happen after it was written, chain anew", C="FUTURE")
def occurred_ahead(b):
    b.edit(b.one, 9, occurred="2025-03-01")
    b.chain_anew(b.one)


@attack(TIMES, "write an entry in the future, valid hash", C="FUTURE")
def recorded_ahead(b):
    b.append(b.one, {"text": "x"}, recorded="2999-01-01T00:00:00.000000Z")


@attack(TIMES, "give a time that is none, chain anew", C="INTEGRITY")
def no_time(b):
    b.edit(b.one, 9, occurred="last week")
    b.chain_anew(b.one)
