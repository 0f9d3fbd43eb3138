"""An import that dies on the way, or meets another one: nothing twice, nothing lost."""

import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sitrack.record.ledger import reading
from tests.cli.keyboard import command, typed_outside
from tests.clinic import Clinic, codes_of

PEOPLE = 2_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clinic.csv"
    rows = [
        row
        for each in range(PEOPLE)
        for row in (
            f"p{each},patient,n{each},,,Given{each},Holm,SYN-{each}",
            f"e{each},episode,n{each},left,2025-01-06,,,",
        )
    ]
    heads = "id,kind,patient,side,on,given,family,mrn"
    path.write_text("\n".join([heads, *rows]) + "\n")
    return path


@pytest.fixture
def words(ledger, file):
    Clinic(ledger)
    url = ledger.url.render_as_string(hide_password=False)
    now = ledger.clock().isoformat()
    return ("import", file, "-d", url, "--now", now, "--as", "rivera", "--json")


def count(ledger):
    with reading(ledger) as connection:
        query = "SELECT (SELECT count(*) FROM patient), (SELECT count(*) FROM episode)"
        return tuple(connection.exec_driver_sql(query).one())


def test_killed_halfway_it_goes_on_where_it_was(ledger, words):
    process = subprocess.Popen(
        command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while count(ledger)[0] == 0:
        assert process.poll() is None, "it ended before anything was kept"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    patients, episodes = count(ledger)
    assert 0 < patients == episodes < PEOPLE
    assert codes_of(ledger) == set()
    done = typed_outside(*words)
    assert done.code == 0, done.err
    assert done.json["known_before"] == 2 * patients
    assert done.json["patients"] == PEOPLE - patients
    assert count(ledger) == (PEOPLE, PEOPLE)
    assert codes_of(ledger) == set()


def test_stopped_by_hand_it_says_what_is_kept(ledger, words):
    process = subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while count(ledger)[0] == 0:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "rows kept: " in err
    assert count(ledger)[0] < PEOPLE


def test_two_imports_of_one_file_write_it_once(ledger, words):
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: typed_outside(*words), range(2)))
    assert [each.code for each in both] == [0, 0], [each.err for each in both]
    assert sum(each.json["patients"] for each in both) == PEOPLE
    assert count(ledger) == (PEOPLE, PEOPLE)
    assert codes_of(ledger) == set()
