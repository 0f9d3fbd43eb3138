"""The tables for spreadsheets, as a database server reads them back."""

import json

import psycopg
import pytest
from sqlalchemy import make_url

from sitrack.exchange.csv_files import tables
from sitrack.legible import cell
from tests.exchange.clinic_abroad import found_in, lived, names_of


def copied(url, text):
    """The rows of a CSV file as PostgreSQL's COPY takes them in."""
    head, _, _ = text.partition("\n")
    columns = head.split(",")
    plain = make_url(url).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
        named = ", ".join(f'"{each}" text' for each in columns)
        connection.execute(f"CREATE TEMP TABLE taken ({named})")
        with connection.cursor().copy(
            "COPY taken FROM STDIN WITH (FORMAT csv, HEADER true)"
        ) as copy:
            copy.write(text)
        rows = connection.execute("SELECT * FROM taken").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_another_program_reads_every_row_back(sqlite_ledger, postgresql_url, tmp_path):
    lived(sqlite_ledger, tmp_path)
    found = found_in(sqlite_ledger, names_of(sqlite_ledger))
    files = tables(found)
    assert files == tables(found_in(sqlite_ledger, names_of(sqlite_ledger)))
    rows = {name: copied(postgresql_url, text) for name, text in files.items()}
    assert [row["episode"] for row in rows["episodes.csv"]] == [j.name for j in found]
    assert len(rows["due.csv"]) == sum(len(journey.due) for journey in found)
    entries = [(j.name, entry) for j in found for entry in j.entries]
    for row, (name, entry) in zip(rows["entries.csv"], entries, strict=True):
        assert (row["episode"], row["number"]) == (name, str(entry.seq))
        assert (row["kind"], row["hash"]) == (entry.kind, entry.hash)
        assert json.loads(row["content"]) == entry.payload


PAYLOADS = [
    "=1+1",
    "+44 20 7946",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "|calc",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    " =1+1",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_cell_is_no_formula(payload):
    assert cell(payload).startswith("'")


@pytest.mark.parametrize("value", [7, -7, "P00013-R", "a = b", "", None, True])
def test_what_is_none_stays_as_it_is(value):
    plain = {None: "", True: "yes"}.get(value, value)
    assert cell(value) == plain
