"""Attacks on rows: entries taken out, put in, made up."""

from .catalogue import attack

OUT, IN = "Entries taken out", "Entries put in"


@attack(OUT, "delete an entry from the middle", C="SEQ")
def delete_middle(b):
    b.remove(b.one, 9)


@attack(OUT, "delete from the middle, renumber", C="LINK")
def delete_and_renumber(b):
    b.remove(b.one, 9)
    b.shift(b.one, 10, -1)


@attack(OUT, "delete from the middle, renumber, chain anew", C="STANDING")
def delete_and_chain(b):
    delete_and_renumber(b)
    b.chain_anew(b.one)


@attack(OUT, "the same, and mend what follows from it", C=None, K="SEAL_ROOT")
def delete_and_mend(b):
    delete_and_chain(b)
    b.sql("UPDATE episode SET version = version - 1 WHERE key = ?", str(b.house.one))


@attack(OUT, "delete the first entry, renumber, chain anew", C="INTEGRITY")
def delete_first(b):
    b.remove(b.one, 1)
    b.shift(b.one, 2, -1)
    b.chain_anew(b.one)


@attack(OUT, "cut the last entry off, leave the head", C="HEAD")
def cut_last(b):
    b.remove(b.one, b.newer)


@attack(
    OUT,
    "cut off what is under no seal, mend head and standing",
    C=None,
    R="RECEIPT",
)
def cut_newer(b):
    b.remove(b.one, b.newer)
    b.chain_anew(b.one)
    b.sql("UPDATE episode SET version = version - 1 WHERE key = ?", str(b.house.one))


@attack(OUT, "cut past a seal, keep the seal", C=None, K="SEAL_TRUNCATED")
def cut_past_a_seal(b):
    b.remove(b.one, 11, 12)
    b.chain_anew(b.one)
    b.sql("UPDATE episode SET version = 10 WHERE key = ?", str(b.house.one))


@attack(IN, "put a forged entry into the middle", C="LINK")
def insert_middle(b):
    b.shift(b.one, 10, 1)
    b.put(b.one, 10, {"text": "forged"})
    last = b.entries(b.one)[-1]
    b.head(b.one, last["seq"], last["hash"])


@attack(IN, "put one into the middle, chain anew, mend", C=None, K="SEAL_ROOT")
def insert_and_chain(b):
    insert_middle(b)
    b.chain_anew(b.one)
    b.sql("UPDATE episode SET version = version + 1 WHERE key = ?", str(b.house.one))


@attack(IN, "append a move that the protocol lacks, valid hash", C="REPLAY")
def illegal_move(b):
    move = {"move": "to-rfa", "rests_on": [], "findings": []}
    stages = {"stage_from": "conservative-care", "stage_to": "rfa"}
    b.append(b.one, move, kind="move", protocol=_protocol(b), **stages)


@attack(IN, "append a move whose requirements are not met", C="REPLAY")
def unmet_move(b):
    move = {"move": "conservative-care-fails", "rests_on": [], "findings": []}
    stages = {"stage_from": "conservative-care", "stage_to": "diagnostic-block"}
    b.append(b.one, move, kind="move", protocol=_protocol(b), **stages)


def _protocol(b):
    return b.sql("SELECT hash FROM protocol")[0][0]


@attack(IN, "write an old entry once more as a new one", C="CLOCK")
def replay_old(b):
    old = b.entries(b.one)[3]
    again = {k: old[k] for k in ("kind", "occurred", "recorded", "recorder", "batch")}
    b.append(b.one, b.content(b.one, 4), **again)


@attack(IN, "retract an entry that is not in the stream", C="CORRECTS")
def retract_elsewhere(b):
    payload = {"reason": "duplicate", "amends": [77]}
    b.append(b.one, payload, kind="retracted", corrects=77)


@attack(IN, "retract the same entry twice", C="CORRECTS")
def retract_twice(b):
    for _ in range(2):
        payload = {"reason": "duplicate"}
        b.append(b.other, payload, kind="retracted", corrects=2)


@attack(IN, "retract a retraction", C="CORRECTS")
def retract_a_retraction(b):
    b.append(b.other, {"reason": "duplicate"}, kind="retracted", corrects=2)
    b.append(b.other, {"reason": "duplicate"}, kind="retracted", corrects=3)


@attack(IN, "let two corrections correct each other", C="CORRECTS")
def correction_cycle(b):
    values = {"values": {"nrs": "3"}, "reason": "typing-error"}
    b.append(b.other, values, kind="corrected", corrects=4)
    b.append(b.other, values, kind="corrected", corrects=3)
