"""Attacks on what follows from entries, and on what everything is read by."""

from .catalogue import attack

COPIES, LEDGER = "What follows from entries", "The ledger and its shape"


@attack(COPIES, "edit where an episode stands", C="STANDING")
def edit_standing(b):
    b.sql("UPDATE episode SET stage = 'rfa' WHERE key = ?", str(b.house.one))


@attack(COPIES, "delete where an episode stands", C="STANDING")
def delete_standing(b):
    b.sql("DELETE FROM episode WHERE key = ?", str(b.house.one))


@attack(COPIES, "take a line off the agenda", C="STANDING")
def delete_agenda_line(b):
    b.sql("DELETE FROM agenda WHERE rule = 'CON-CHECK'")


@attack(COPIES, "edit since when an episode is in its stage", C="STANDING")
def edit_span(b):
    b.sql("UPDATE stage_span SET entered = '2025-01-01' WHERE visit = 1")


@attack(COPIES, "name another payer of a patient", C="STANDING")
def edit_payer(b):
    b.sql("UPDATE patient SET payer = 'bcbs-al'")


@attack(COPIES, "put one patient under the key of another", C="STANDING")
def edit_merged(b):
    one, other = b.house.one.patient, b.house.other.patient
    b.sql("UPDATE patient SET merged_into = ? WHERE key = ?", one, other)


@attack(COPIES, "make oneself an admin on the staff list", C="STANDING")
def edit_role(b):
    b.sql("UPDATE staff SET role = 'admin' WHERE id = 'rivera'")


@attack(COPIES, "send somebody away from the staff list", C="STANDING")
def edit_retired(b):
    b.sql("UPDATE staff SET retired = '2025-01-15' WHERE id = 'osei'")


@attack(COPIES, "wind the head of a stream back", C="HEAD")
def rewind_head(b):
    row = b.entries(b.one)[-2]
    b.head(b.one, row["seq"], row["hash"])


@attack(COPIES, "delete the head of a stream", C="HEAD")
def delete_head(b):
    b.head(b.one, 0, None)


@attack(LEDGER, "drop every trigger, change nothing", C="SCHEMA")
def drop_triggers(b):
    b._run.dropped.clear()


@attack(LEDGER, "weaken a trigger, leave it in place", C="SCHEMA")
def weaken_trigger(b):
    weak = [
        made.replace("BEFORE DELETE ON entry", "BEFORE DELETE ON entry WHEN 0")
        for made in b._run.dropped
    ]
    assert weak != b._run.dropped
    b._run.dropped[:] = weak


@attack(LEDGER, "add a trigger that rewrites what is written", C="SCHEMA")
def add_trigger(b):
    b.sql(
        "CREATE TRIGGER soften AFTER INSERT ON payload BEGIN "
        "UPDATE payload SET body = '{}' WHERE stream = NEW.stream; END"
    )


@attack(LEDGER, "take the index away that lets nothing be sent twice", C="SCHEMA")
def drop_index(b):
    b.sql("DROP INDEX uq_delivery_sent_once")


@attack(LEDGER, "call a synthetic ledger a real one", C="LEDGER")
def no_more_synthetic(b):
    b.sql("UPDATE instance SET synthetic = 0")


@attack(LEDGER, "move the clinic to another zone", C="LEDGER")
def another_zone(b):
    b.sql("UPDATE instance SET zone = 'Asia/Kathmandu'")


@attack(LEDGER, "give the ledger another id", C="LINK")
def another_id(b):
    b.sql("UPDATE instance SET ledger_id = 'another'")
    b.ledger.ledger_id = "another"


@attack(LEDGER, "soften the stored protocol", C="LEDGER")
def soften_protocol(b):
    b.sql("UPDATE protocol SET text = text || '# softer'")


@attack(LEDGER, "store a laxer protocol that nobody adopted", C="LEDGER")
def add_protocol(b):
    b.sql("INSERT INTO protocol SELECT 'laxer', id, text, adopted FROM protocol")


@attack(LEDGER, "empty the whole history", C="LEDGER")
def empty_history(b):
    for table in ("payload", "entry", "stream", "unsealed", "agenda", "stage_span"):
        b.sql(f"DELETE FROM {table}")
    for table in ("episode", "patient", "staff"):
        b.sql(f"DELETE FROM {table}")
