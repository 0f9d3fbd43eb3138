"""Attacks on the sealed log, and rewriting of everything with it."""

import shutil

from .catalogue import NOTHING, attack

SEALS, WHOLE, LINES = "The sealed log", "The whole record", "Lines of delivery"


# --- seals, leaves and heads


@attack(SEALS, "edit the root in a seal", C=NOTHING, K="SEAL_SIGNATURE")
def edit_root(b):
    [(note,)] = b.sql("SELECT note FROM seal WHERE number = 2")
    lines = note.split("\n")
    lines[2] = "A" * 43 + "="
    b.sql("UPDATE seal SET note = ? WHERE number = 2", "\n".join(lines))


@attack(SEALS, "put words into a seal that are no head", C=NOTHING, K="SEAL_SIGNATURE")
def no_head(b):
    b.sql("UPDATE seal SET note = 'nothing' WHERE number = 1")


@attack(SEALS, "edit the size beside a seal", C=NOTHING, K="SEAL_ROOT")
def edit_size(b):
    b.sql("UPDATE seal SET size = size - 1 WHERE number = 2")


@attack(SEALS, "edit what it takes to append to the log", C=NOTHING, K="SEAL_ROOT")
def edit_edge(b):
    b.sql("UPDATE seal SET edge = zeroblob(length(edge)) WHERE number = 2")


@attack(SEALS, "show an old seal as a newer one", C=NOTHING, K="SEAL_ROOT")
def relabel(b):
    b.sql("UPDATE seal SET note = (SELECT note FROM seal WHERE number = 1)")


@attack(SEALS, "delete the last seal", C=NOTHING, K="SEAL_MISSING")
def delete_last_seal(b):
    b.sql("DELETE FROM seal WHERE number = 2")


@attack(SEALS, "delete the first seal", C=NOTHING, K="SEAL_MISSING")
def delete_first_seal(b):
    b.sql("DELETE FROM seal WHERE number = 1")


@attack(SEALS, "delete the last leaves", C=NOTHING, K="SEAL_TRUNCATED")
def delete_leaves(b):
    b.sql("DELETE FROM leaf WHERE position > 20")


@attack(SEALS, "edit an entry, its chain and its leaf", C=NOTHING, K="SEAL_ROOT")
def edit_entry_and_leaf(b):
    b.edit(b.one, 9, performer="somebody")
    b.chain_anew(b.one)
    b.sql(
        "UPDATE leaf SET hash = (SELECT hash FROM entry e WHERE e.stream = leaf.stream "
        "AND e.seq = leaf.seq) WHERE stream IS NOT NULL"
    )


@attack(SEALS, "let leaves point to other entries", C=NOTHING, K="SEAL_ROOT")
def repoint_leaves(b):
    for old, new in ((4, 999), (9, 4), (999, 9)):
        change = "UPDATE leaf SET seq = ? WHERE stream = ? AND seq = ?"
        b.sql(change, new, b.one, old)


@attack(
    SEALS, "sign old heads with the key that came later", C=NOTHING, K="SEAL_SIGNATURE"
)
def later_key_for_old_heads(b):
    """The new key was handed over to after the last seal; its thief rewrites the past."""
    from tests.sealing import rotate

    b.__exit__(None, None, None)
    rotate(b.ledger)
    b.__enter__()
    b.edit(b.one, 4, performer="somebody")
    b.chain_anew(b.one)
    b.seal_anew("next")


@attack(
    SEALS,
    "keep what is new from being sealed, for two days",
    C=NOTHING,
    K="SEAL_MISSING",
)
def empty_the_queue(b):
    from tests.conftest import clock_at

    b.sql("DELETE FROM unsealed")
    b.ledger.use_clock(clock_at("2025-02-01", "12:00"))


# --- everything made anew


def _rewritten(b):
    b.edit(b.one, 4, performer="somebody")
    b.chain_anew(b.one)


@attack(
    WHOLE,
    "rewrite, seal anew with a key of one's own",
    C=None,
    K="SEAL_SIGNATURE",
    A="WITNESS",
)
def rewrite_with_own_key(b):
    _rewritten(b)
    if b.house.sealed:
        b.seal_anew("thief")


@attack(WHOLE, "rewrite, seal anew with the stolen key", C=None, A="WITNESS")
def rewrite_with_stolen_key(b):
    _rewritten(b)
    if b.house.sealed:
        b.seal_anew("clinic")


@attack(WHOLE, "rewrite, delete every seal", C=None, K="SEAL_MISSING")
def rewrite_without_seals(b):
    _rewritten(b)
    for table in ("seal", "leaf"):
        b.sql(f"DELETE FROM {table}")
    for stream, kind in (("office", "sealed"), ("office", "key-made")):
        for row in reversed(b.entries(stream)):
            if row["kind"] == kind:
                b.remove(stream, row["seq"])
    b.chain_anew("office")


@attack(
    WHOLE,
    "cut past a seal, delete the seals since",
    C=NOTHING,
    A="WITNESS",
)
def cut_seals_too(b):
    size = b.sizes()[0]
    b.cut(size)
    b.sql(f"DELETE FROM leaf WHERE position >= {size}")
    b.sql("DELETE FROM seal WHERE number > 1")
    b.__exit__(None, None, None)
    b.stand_anew()
    b.__enter__()


@attack(WHOLE, "put an old backup of the file in its place", C=None, A="WITNESS")
def old_backup(b):
    b.__exit__(None, None, None)
    b.ledger.close()
    shutil.copy(b.house.folder / "old.db", b.house.folder / "house.db")
    for more in ("-wal", "-shm"):
        (b.house.folder / f"house.db{more}").unlink(missing_ok=True)
    b.__enter__()


@attack(
    WHOLE,
    "go on from an old backup, seal with the same key",
    C=NOTHING,
    A="WITNESS",
)
def fork_from_backup(b):
    from tests.sealing import sealed

    old_backup(b)
    b.append("office", {"text": "x"}, kind="note")
    b.sql("INSERT INTO unsealed VALUES ('office', ?)", len(b.entries("office")))
    b.__exit__(None, None, None)
    sealed(b.ledger)
    b.__enter__()


@attack(
    WHOLE,
    "put another ledger in its place, sealed by the same key",
    C=None,
    K="SEAL_SIGNATURE",
    A="WITNESS",
)
def another_ledger(b):
    from sitrack.record.ledger import open_ledger
    from tests.clinic import Clinic
    from tests.conftest import new_ledger
    from tests.sealing import register, sealed

    b.__exit__(None, None, None)
    other = new_ledger(f"sqlite:///{b.house.folder / 'other.db'}", day="2025-01-30")
    Clinic(other)
    if b.house.sealed:
        register(other)
        sealed(other)
    clock = b.ledger.clock
    other.close()
    b.ledger.close()
    b.ledger = b.house.ledger = open_ledger(other.url.render_as_string())
    b.ledger.use_clock(clock)
    b.__enter__()


# --- lines of delivery


@attack(LINES, "edit a sealed line", C=None, K="DELIVERY")
def edit_line(b):
    b.sql("UPDATE delivery SET worker = 'another'")


@attack(LINES, "delete a sealed line", C=None, K="DELIVERY")
def delete_line(b):
    b.sql("DELETE FROM delivery")


@attack(LINES, "add a line among the sealed ones", C=None, K="SEAL_MISSING")
def add_old_line(b):
    b.sql(
        "INSERT INTO delivery SELECT reminder, 2, 'sent', at, worker, NULL FROM delivery"
    )


@attack(LINES, "add a line with a leaf of its own", C=NOTHING, K="SEAL_MISSING")
def add_line_and_leaf(b):
    add_old_line(b)
    b.sql(
        "INSERT INTO leaf (position, hash, reminder, attempt, event) "
        "SELECT 26, zeroblob(32), reminder, 2, 'sent' FROM delivery WHERE attempt = 2"
    )


@attack(
    LINES,
    "add a line of today",
    C=None,
    declared="lines of delivery have no receipt: theirs is the time between heads that "
    "leave the machine",
)
def add_new_line(b):
    b.sql(
        "INSERT INTO delivery SELECT reminder, 2, 'sent', "
        "'2025-01-30T11:00:00.000000Z', worker, NULL FROM delivery"
    )
