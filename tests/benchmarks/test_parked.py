"""Episodes that are parked by copying stand where a round looks, and are not due."""

import contextlib

from sqlalchemy import func, select

from benchmarks import clinic
from benchmarks.peers.copies import BY_LIBRARY, split
from benchmarks.reminders import round_settings
from sitrack.record import tables
from sitrack.record.ledger import reading
from sitrack.reminders.channels.file import FileChannel
from sitrack.reminders.round import run_round

TIMES = 3


def counted(ledger):
    with reading(ledger) as connection:
        return {
            table.name: connection.execute(
                select(func.count()).select_from(table)
            ).scalar_one()
            for table in (tables.patient, tables.episode, tables.agenda)
        }


def sent(ledger, folder):
    told = round_settings(folder)
    report = run_round(ledger, told, FileChannel(folder / "sent.jsonl"))
    return report.count("sent")


def test_only_what_is_not_due_is_copied(ledger_url, tmp_path):
    # Everybody but number 99 has something due.
    clinic.make_at(ledger_url, clinic.Mix(101, walk="failed", due=99)).close()
    with contextlib.closing(clinic.opened(ledger_url)) as ledger:
        before = counted(ledger)
    clinic.park(ledger_url, TIMES)
    with contextlib.closing(clinic.opened(ledger_url)) as ledger:
        after = counted(ledger)
        assert after["episode"] - before["episode"] == TIMES
        assert after["patient"] - before["patient"] == TIMES
        assert after["agenda"] > before["agenda"]
        assert sent(ledger, tmp_path) >= 100


def test_a_round_does_not_meet_a_copy(ledger_url, tmp_path):
    clinic.make_at(ledger_url, clinic.Mix(4, walk="failed", due=0)).close()
    clinic.park(ledger_url, TIMES)
    with contextlib.closing(clinic.opened(ledger_url)) as ledger:
        assert counted(ledger)["episode"] == 4 * (1 + TIMES)
        assert sent(ledger, tmp_path) == 0


def test_a_thousand_are_parked_by_the_library_and_the_rest_are_copies():
    assert split(0) == (0, 0)
    assert split(300) == (300, 0)
    assert split(1_000_000) == (BY_LIBRARY, 999)
