"""What no layer can show, and verify does not pretend to."""

from .catalogue import attack

DECLARED = "Declared undetectable"


@attack(
    DECLARED,
    "append a legal entry under a false name",
    C=None,
    declared="on SQLite a name is a claim; on PostgreSQL the login is written beside it",
)
def false_name(b):
    b.append(b.other, {"text": "x"}, recorder="osei")
    b.sql("UPDATE episode SET version = version + 1 WHERE key = ?", str(b.house.other))


@attack(
    DECLARED,
    "change the name of a patient",
    C=None,
    declared="identity stands outside of the record, so that it can be mended and erased",
)
def another_name(b):
    b.sql("UPDATE patient SET given = 'Somebody'")


@attack(
    DECLARED,
    "mark a reminder as sent that was not",
    C=None,
    declared="the outbox is worked off, and can be made again from the agenda",
)
def outbox(b):
    b.sql("UPDATE reminder SET status = 'done'")
