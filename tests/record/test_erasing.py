"""Erasing by law: the bytes are gone, the chain is whole, and it takes two people."""

import datetime as dt
import hashlib
import itertools

import pytest
from sqlalchemy import select

from sitrack.coordination import people
from sitrack.coordination.erasing import erase
from sitrack.coordination.people import Author
from sitrack.errors import NotEligible, NotFound, NotPermitted, WrittenFirst
from sitrack.record import chain, copying, history, registry, tables
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger, reading
from sitrack.record.staff import Staff
from sitrack.record.worklist import who_waits
from tests.clinic import RIVERA, Clinic, codes_of, driver
from tests.crash.points import OVER, counted, die, ended
from tests.sealing import register, sealed

TOKENS = ("Quillon", "Zebedeus", "1951-07-23", "MRN77CANARY", "xylotheque")
FIRST, SECOND = Author("ada", "account"), Author("bo", "account")


@pytest.fixture
def clinic(ledger):
    found = Clinic(ledger)
    for name in ("ada", "bo"):
        people.add_staff(ledger, RIVERA, Staff(name, "admin", None))
    return found


@pytest.fixture
def canary(clinic):
    """A patient known by tokens that occur nowhere else, whose care is over."""
    clinic.at("2025-01-06")
    key = clinic.enrolled("Quillon", "Zebedeus", dt.date(1951, 7, 23), "MRN77CANARY")
    episode = clinic.opened(key)
    clinic.inject(episode)
    for number in range(30):
        clinic.record(episode, "note", text=f"xylotheque {number} " * 40)
    clinic.record(episode, "score", nrs="7")
    clinic.advance(episode, "closed", command="episode finish", reason="transferred")
    other = clinic.injected("2025-01-07")
    clinic.erased, clinic.episode, clinic.other = key, episode, other
    return clinic


def both(clinic, basis="unlawful"):
    asked = erase(clinic.ledger, FIRST, clinic.erased, basis, 10)
    assert asked.gone is None
    return erase(clinic.ledger, SECOND, clinic.erased, basis, 10)


def bytes_of(ledger, tmp_path):
    """Everything that lies on the disk of a database."""
    if not ledger.on_postgres:
        files = tmp_path.rglob("ledger.db*")
        return b"".join(file.read_bytes() for file in files)
    with driver(ledger) as run:
        [[folder]] = run("SHOW data_directory")
        run("CHECKPOINT")
        names = ("payload", "patient", "contact_point", "entry")
        paths = [run("SELECT pg_relation_filepath(?)", name)[0][0] for name in names]
        toast = run(
            "SELECT pg_relation_filepath(reltoastrelid) FROM pg_class"
            " WHERE relname = 'payload'"
        )
        from pathlib import Path

        places = [Path(folder) / path for path in (*paths, toast[0][0])]
        return b"".join(place.read_bytes() for place in places)


def test_no_byte_is_left_and_the_chain_is_whole(canary, tmp_path):
    register(canary.ledger)
    sealed(canary.ledger)
    before = bytes_of(canary.ledger, tmp_path)
    assert b"Zebedeus" in before
    done = both(canary)
    assert done.gone > 30
    canary.ledger.close()
    left = bytes_of(canary.ledger, tmp_path)
    assert [token for token in TOKENS if token.encode() in left] == []
    assert codes_of(canary.ledger) <= {"SEAL_MISSING"}
    with reading(canary.ledger) as connection:
        assert registry.patient(connection, canary.erased).initials == "-"


def test_who_died_before_the_bytes_were_gone_is_followed_by_who_sweeps(
    canary, tmp_path
):
    """What was erased is written down by then; the same command does the rest."""
    ledger = canary.ledger
    url, clock = ledger.url.render_as_string(hide_password=False), ledger.clock
    erase(ledger, FIRST, canary.erased, "unlawful", 10)
    ledger.close()

    def erased_and_died():
        mine = open_ledger(url)
        mine.use_clock(clock)
        with counted(mine, lambda _, name: name == OVER and die()):
            erase(mine, SECOND, canary.erased, "unlawful", 10)

    assert ended(erased_and_died) == "killed"
    assert b"Zebedeus" in bytes_of(ledger, tmp_path)
    with pytest.raises(NotEligible, match="erased already"):
        erase(ledger, SECOND, canary.erased, "unlawful", 10)
    ledger.close()
    left = bytes_of(ledger, tmp_path)
    assert [token for token in TOKENS if token.encode() in left] == []


def test_what_was_erased_answers_so_and_the_others_go_on(canary):
    both(canary)
    with reading(canary.ledger) as connection:
        lines = history.lines(connection, canary.ledger, canary.episode)
        assert {line.entry.payload for line in lines} == {None}
        with pytest.raises(NotFound, match="erased by law"):
            history.episode_at(connection, canary.ledger, canary.episode)
    canary.at("2025-02-03")
    assert [row.episode for row in who_waits(canary.ledger).rows] == [str(canary.other)]
    past = who_waits(canary.ledger, None, dt.date(2025, 1, 20))
    assert str(canary.episode) not in {row.episode for row in past.rows}
    canary.record(canary.other, "score", nrs="3")


def test_it_takes_two(canary):
    erase(canary.ledger, FIRST, canary.erased, "unlawful", 10)
    with pytest.raises(NotPermitted, match="two people"):
        erase(canary.ledger, FIRST, canary.erased, "unlawful", 10)
    # Another reason is another wish, and a wish does not stand for ever.
    assert erase(canary.ledger, SECOND, canary.erased, "court-order", 10).gone is None
    canary.at("2025-03-03")
    assert erase(canary.ledger, SECOND, canary.erased, "unlawful", 10).gone is None
    assert erase(canary.ledger, FIRST, canary.erased, "unlawful", 10).gone > 0
    with pytest.raises(NotEligible, match="already"):
        erase(canary.ledger, SECOND, canary.erased, "unlawful", 10)


def test_a_record_that_has_to_be_kept_is_kept(canary):
    for years, until in ((10, "2035-01-06"), (3, "2031-01-06")):
        with pytest.raises(NotEligible, match=until):
            erase(canary.ledger, FIRST, canary.erased, "retention-over", years)
    canary.at("2031-01-07")
    assert erase(canary.ledger, FIRST, canary.erased, "retention-over", 3)


def test_care_that_goes_on_is_not_erased(canary):
    with pytest.raises(NotEligible, match="is open"):
        erase(canary.ledger, FIRST, canary.other.patient, "unlawful", 10)


def test_no_content_goes_without_an_entry_that_says_so(canary):
    """The guard of the table asks for it, whoever asks to delete."""
    statement = "DELETE FROM payload WHERE stream = ? AND seq = ?"
    other = f"episode/{canary.other}"
    with driver(canary.ledger) as run:
        for stream in (
            f"episode/{canary.episode}",
            f"patient/{canary.erased}",
            "office",
        ):
            with pytest.raises(Exception, match="append-only"):
                run(statement, stream, 1)
    both(canary)
    with driver(canary.ledger) as run:
        for stream, seq in ((other, 1), (f"patient/{canary.erased}", 4), ("office", 1)):
            with pytest.raises(Exception, match="append-only"):
                run(statement, stream, seq)
    with writing(canary.ledger) as work, pytest.raises(Exception, match="append-only"):
        work.connection.execute(
            tables.payload.delete().where(tables.payload.c.stream == other)
        )


def test_what_was_erased_cannot_be_guessed(canary):
    """Every score on every day of a year, and no salt: no commitment is found again."""
    with reading(canary.ledger) as connection:
        query = select(tables.entry.c.commitment)
        before = {bytes(each) for each in connection.execute(query).scalars()}
    both(canary)
    scores = [str(half / 2).removesuffix(".0") for half in range(21)]
    days = [str(dt.date(2025, 1, 1) + dt.timedelta(n)) for n in range(365)]
    for score, day in itertools.product(scores, days):
        body = chain.payload_text(
            {"account": "account", "values": {"nrs": score}, "day": day}
        )
        guesses = {
            chain.commitment(bytes(16), body.encode()),
            hashlib.sha256(body.encode()).digest(),
        }
        assert not guesses & before


def test_a_copy_of_it_holds_too(canary, tmp_path):
    both(canary)
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    copying.copy(canary.ledger, target, lambda _: None)
    made = open_ledger(target)
    assert codes_of(made) == set()
    made.close()


def test_a_content_that_is_put_back_is_found(canary):
    both(canary)
    stream = f"episode/{canary.episode}"
    with driver(canary.ledger) as run:
        run(
            "INSERT INTO payload (stream, seq, salt, body) VALUES (?, 2, ?, '{}')",
            stream,
            b"0" * 16,
        )
    assert codes_of(canary.ledger) == {"ERASE_INCOMPLETE"}


def test_the_same_two_at_once_erase_once(canary):
    erase(canary.ledger, FIRST, canary.erased, "unlawful", 10)
    assert erase(canary.ledger, SECOND, canary.erased, "unlawful", 10).gone
    with pytest.raises((NotEligible, WrittenFirst)):
        erase(canary.ledger, SECOND, canary.erased, "unlawful", 10)
