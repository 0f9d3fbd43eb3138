"""A lived clinic, and everything that leaves it, for the tests of the exports."""

import datetime as dt
import random

from sitrack.exchange.leaving import journeys
from sitrack.exchange.pseudonyms import Names
from sitrack.record.ledger import reading
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round
from tests.clinic import settings_of
from tests.record.lives import Lives

HIDDEN = b"\x07" * 32


def lived(ledger, tmp_path, acts=90, seed=None):
    """Some patients have lived: amended, held, lost, and reminded every few days."""
    seed = random.randrange(10**9) if seed is None else seed
    print(f"seed {seed}")
    lives = Lives(ledger, random.Random(seed), patients=4)
    told = settings_of(tmp_path)
    channel = FileChannel(tmp_path / "sent.jsonl")
    for _ in range(acts // 10):
        lives.live(10)
        lives.pass_time(1)
        run_round(ledger, told, channel)
    return lives


def names_of(ledger, secret=None, shift=0):
    return Names(ledger.zone, secret, shift)


def found_in(ledger, names, as_known=None):
    """Every journey of a ledger."""
    with reading(ledger) as connection:
        return list(journeys(connection, ledger, names, as_known))


def noon(day):
    return dt.datetime.combine(day, dt.time(12))
