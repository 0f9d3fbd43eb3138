"""Files from outside: what is wrong with them is told at once, and nothing is written."""

import json

import pytest

from tests.clinic import Clinic
from tests.conftest import new_ledger

from .keyboard import typed

HEADS = "id,kind,patient,side,on,given,family,born,mrn,guidance,contrast,nrs,stage,text"
SECRET = "Zebedeus"
BORN = "1951-07-23"
ANN = f"1,patient,a,,,Quillon,{SECRET},{BORN},MRN77,,,,,"
OPENED = "2,episode,a,right,2025-01-06,,,,,,,,,"
INJECTED = "3,injection,a,right,2025-01-06,,,,,fluoroscopy,in-joint,8,,"
STRANGER = "9,patient,b,,,Omar,Haddad,,,,,,,"
GOOD = (HEADS, ANN, OPENED, INJECTED)


def text_of(*rows):
    return "\n".join(rows) + "\n"


def in_row(number, column, cell):
    """The good file with one cell changed, that of the row of that number."""
    rows = [line.split(",") for line in GOOD]
    rows[number - 1][HEADS.split(",").index(column)] = cell
    return text_of(*(",".join(row) for row in rows))


class Desk:
    """A small clinic at whose desk files are imported."""

    def __init__(self, url, folder):
        ledger = new_ledger(url)
        Clinic(ledger)
        ledger.close()
        self.url, self.folder = url, folder

    def file(self, content, name="clinic.csv"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def type(self, *words, day="2025-06-02", stdin=""):
        when = ("-d", self.url, "--now", f"{day}T09:00", "--as", "rivera")
        return typed("import", *words, *when, stdin=stdin)

    def entries(self):
        done = typed("audit", "verify", "-d", self.url, "--json")
        assert done.code == 0, done.out
        return done.json["entries"]


@pytest.fixture
def clinic(ledger_url, tmp_path, home):
    return Desk(ledger_url, tmp_path)


@pytest.fixture
def sqlite_clinic(sqlite_url, tmp_path, home):
    return Desk(sqlite_url, tmp_path)


# --- what is good


def test_the_template_can_be_imported_as_it_is(clinic):
    file = clinic.file(clinic.type("--template").out)
    done = clinic.type(file, "--check", "--json")
    assert (done.code, done.json["sound"], done.json["facts"]) == (0, True, 3)
    done = clinic.type(file, "--json")
    assert (done.json["schema"], done.json["moves"]) == ("sitrack.imported/1", 1)
    shown = typed("show", "P00013-R", "-d", clinic.url, "--json")
    assert (shown.json["stage"], shown.json["since"]) == ("re-evaluation", "2025-01-20")
    clinic.entries()


def test_the_same_file_again_writes_nothing(clinic):
    file = clinic.file(text_of(*GOOD))
    assert clinic.type(file, "--json").json["patients"] == 1
    before = clinic.entries()
    done = clinic.type(file, "--json")
    assert (done.code, done.json["known_before"], done.json["patients"]) == (0, 3, 0)
    assert clinic.entries() == before


def test_new_rows_of_a_file_that_was_imported_are_added(clinic):
    clinic.type(clinic.file(text_of(*GOOD)))
    more = "4,score,a,right,2025-01-20,,,,,,,7,,"
    done = clinic.type(clinic.file(text_of(*GOOD, more)), "--json")
    assert (done.json["known_before"], done.json["facts"]) == (3, 1)


def test_a_check_writes_nothing(clinic):
    before = clinic.entries()
    for words in (["--check"], ["-n"]):
        done = clinic.type(clinic.file(text_of(*GOOD)), *words, "--json")
        assert (done.code, done.json["patients"]) == (0, 1)
    assert typed("patient", "show", "P00013", "-d", clinic.url).code == 11
    # That somebody looked is in the log; no patient and no episode is.
    after = typed("audit", "verify", "-d", clinic.url, "--json").json
    assert (after["episodes"], after["entries"] - before) == (0, 4)


def test_stdin_is_a_file(sqlite_clinic):
    done = sqlite_clinic.type("-", "--json", stdin=text_of(*GOOD))
    assert (done.code, done.json["episodes"]) == (0, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + text_of(*GOOD).encode(),
        text_of(*GOOD).replace("\n", "\r\n").encode(),
        text_of(*GOOD)[:-1].encode(),
        text_of(HEADS, ANN, "", OPENED, ",,,,,,,,,,,,,", INJECTED).encode(),
        text_of(
            *GOOD, '4,note,a,right,2025-01-07,,,,,,,,,"two\nlines, and ""quotes"""'
        ).encode(),
        text_of(*GOOD).replace("Quillon", "Zoë-Ánh 小林").encode(),
    ],
    ids=["mark", "crlf", "no-last-end", "blank-rows", "quoted", "letters"],
)
def test_what_is_unusual_and_right_is_taken(sqlite_clinic, content):
    done = sqlite_clinic.type(sqlite_clinic.file(content), "--json")
    assert (done.code, done.json["patients"]) == (0, 1), done.out


def test_ndjson_says_the_same_as_csv(sqlite_clinic):
    heads = HEADS.split(",")
    lines = []
    for row in GOOD[1:]:
        cells = dict(zip(heads, row.split(","), strict=True))
        found = {name: cell for name, cell in cells.items() if cell}
        if "nrs" in found:
            found["nrs"] = 8
        lines.append(json.dumps(found))
    file = sqlite_clinic.file(text_of(*lines), "clinic.ndjson")
    done = sqlite_clinic.type(file, "--json")
    assert (done.code, done.json["facts"]) == (0, 1)
    again = sqlite_clinic.type(sqlite_clinic.file(text_of(*GOOD)), "--json")
    assert again.json["known_before"] == 3


# --- what is broken


def ndjson(*lines):
    return text_of(*lines)


NAMED = '{"id": "1", "kind": "patient", "patient": "a", "given": "Q", "family": "%s"%s}'

BROKEN = {
    # the file as a whole
    "empty": (b"", None, None, "empty"),
    "blank": (b"\n \n\n", None, None, "empty"),
    "no rows": (text_of(HEADS), None, None, "empty"),
    "utf-16 with a mark": (text_of(*GOOD).encode("utf-16"), None, None, "encoding"),
    "utf-16 without": (text_of(*GOOD).encode("utf-16-le"), None, None, "encoding"),
    "latin-1": (
        text_of(*GOOD).replace("Quillon", "Zoë").encode("latin-1"),
        None,
        None,
        "encoding",
    ),
    "a NUL byte": (text_of(*GOOD).replace("Quillon", "Qu\0n"), None, None, "encoding"),
    "a workbook": (b"PK\x03\x04" + bytes(64), None, None, "encoding"),
    "old line ends": (text_of(*GOOD).replace("\n", "\r"), None, None, "encoding"),
    "a line too long": ("x" * 1_100_000, None, None, "too-long"),
    # heads
    "semicolons": (text_of(*GOOD).replace(",", ";"), 1, None, "separator"),
    "tabs": (text_of(*GOOD).replace(",", "\t"), 1, None, "separator"),
    "no heads": (text_of(*GOOD[1:]), 1, "A", "unknown-column"),
    "a head twice": (in_row(1, "text", "nrs"), 1, "N", "twice"),
    "a head nobody knows": (in_row(1, "nrs", "nrss"), 1, "L", "unknown-column"),
    "a head without a name": (in_row(1, "nrs", ""), 1, "L", "no-head"),
    "a head is missing": (
        text_of(*(",".join(line.split(",")[1:]) for line in GOOD)),
        1,
        "id",
        "missing",
    ),
    # rows
    "too few cells": (text_of(HEADS, ANN, OPENED[:-1], INJECTED), 3, None, "ragged"),
    "too many cells": (text_of(HEADS, ANN + ",", OPENED), 2, None, "ragged"),
    "a quote left open": (
        text_of(HEADS, ANN, '"' + OPENED, INJECTED),
        3,
        None,
        "quotes",
    ),
    "a quote within": (
        text_of(HEADS, ANN.replace("Quillon", '"Qu"illon'), OPENED),
        2,
        None,
        "quotes",
    ),
    "a cell too long": (in_row(2, "given", "Q" * 101), 2, "given", "too-long"),
    "a cell beyond all": (
        text_of(HEADS, ANN.replace("Quillon", '"' + "Q\n" * 99_999 + '"')),
        2,
        None,
        "too-long",
    ),
    # cells
    "an id twice": (in_row(4, "id", "2"), 4, "id", "twice"),
    "no id": (in_row(3, "id", ""), 3, "id", "missing"),
    "no patient": (in_row(3, "patient", ""), 3, "patient", "missing"),
    "no family name": (in_row(2, "family", ""), 2, "family", "missing"),
    "a kind nobody knows": (in_row(4, "kind", "injektion"), 4, "kind", "choice"),
    "a date in two ways": (in_row(2, "born", "03/04/1951"), 2, "born", "date"),
    "a date with dots": (in_row(4, "on", "6.1.2025"), 4, "on", "date"),
    "a serial number": (in_row(4, "on", "45663"), 4, "on", "date"),
    "no such day": (in_row(4, "on", "2025-02-30"), 4, "on", "date"),
    "another century": (in_row(2, "born", "0195-07-23"), 2, "born", "date"),
    "digits of another script": (
        in_row(4, "on", "\uff12\uff10\uff12\uff15-01-06"),
        4,
        "on",
        "date",
    ),
    "a day ahead": (in_row(4, "on", "2025-06-03"), 4, None, "FUTURE_DATED"),
    "born tomorrow": (in_row(2, "born", "2025-06-03"), 2, None, "FUTURE_DATED"),
    "opened tomorrow": (in_row(3, "on", "2025-06-03"), 3, None, "FUTURE_DATED"),
    "no side": (in_row(4, "side", ""), 4, "side", "missing"),
    "a wrong side": (in_row(4, "side", "rigth"), 4, "side", "choice"),
    "both sides": (in_row(4, "side", "both"), 4, "side", "choice"),
    "the other side": (in_row(4, "side", "left"), 4, None, "bad-input"),
    "a score out of bounds": (in_row(4, "nrs", "11"), 4, "nrs", "value"),
    "a score in words": (in_row(4, "nrs", "eight"), 4, "nrs", "value"),
    "a comma for a point": (
        in_row(4, "nrs", "7;5"),
        4,
        "nrs",
        "value",
    ),
    "a value that is none of it": (in_row(3, "nrs", "8"), 3, "nrs", "not-taken"),
    "no baseline": (in_row(4, "nrs", ""), 4, None, "EVIDENCE_MISSING(baseline)"),
    "a word nobody knows": (in_row(4, "guidance", "xray"), 4, "guidance", "value"),
    "a formula": (in_row(2, "family", "=HYPERLINK(1)"), 2, "family", "formula"),
    "a full-width formula": (in_row(2, "family", "\uff1d1+1"), 2, "family", "formula"),
    "a mark of direction": (
        in_row(2, "family", "King\u202e"),
        2,
        "family",
        "unprintable",
    ),
    "an escape": (in_row(2, "family", "King\x1b[2J"), 2, "family", "unprintable"),
    "a rounded number": (in_row(2, "mrn", "1.23E+08"), 2, "mrn", "value"),
    "a line break in a name": (
        in_row(2, "family", '"Ki\nng"'),
        2,
        "family",
        "unprintable",
    ),
    "nobody of that name": (
        text_of(HEADS, OPENED, INJECTED),
        2,
        "patient",
        "nobody",
    ),
    "people mixed up": (
        text_of(HEADS, ANN, STRANGER, OPENED),
        4,
        "patient",
        "apart",
    ),
    "the same record number": (
        text_of(HEADS, ANN, f"9,patient,b,,,Ana,{SECRET},,MRN77,,,,,"),
        3,
        "mrn",
        "twice",
    ),
    "the same person": (
        text_of(HEADS, ANN, f"9,patient,b,,,Quillon,{SECRET},{BORN},,,,,,"),
        3,
        "same-as",
        "same-person",
    ),
    "two open episodes": (
        text_of(HEADS, ANN, OPENED, OPENED.replace("2,", "9,", 1)),
        4,
        None,
        "bad-input",
    ),
    "a move without its ground": (
        text_of(*GOOD, "4,move,a,right,2025-02-01,,,,,,,,rfa,"),
        5,
        None,
        "NOT_ALLOWED_FROM_STATE",
    ),
    "a stage nobody knows": (
        text_of(*GOOD, "4,move,a,right,2025-02-01,,,,,,,,rfaa,"),
        5,
        "stage",
        "choice",
    ),
    # NDJSON
    "no object": (ndjson("{"), 1, None, "json"),
    "an array of rows": (ndjson("[{}]"), 1, None, "json"),
    "a name twice": (ndjson(NAMED % ("K", ', "given": "R"')), 1, None, "twice"),
    "a name nobody knows": (
        ndjson(NAMED % ("K", ', "nrss": 8')),
        1,
        None,
        "unknown-column",
    ),
    "an object within": (ndjson(NAMED % ("K", ', "mrn": {}')), 1, "mrn", "value"),
    "no number": (ndjson(NAMED % ("K", ', "mrn": NaN')), 1, None, "json"),
    "a lone surrogate": (ndjson(NAMED % (r"K\ud800", "")), 1, "family", "unprintable"),
    "a tower of brackets": (ndjson('{"id":' + "[" * 90_000), 1, None, "json"),
}


def test_there_are_at_least_thirty_kinds_of_broken_files():
    assert len(BROKEN) >= 30


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_told_where_and_why_and_nothing_is_written(
    sqlite_clinic, what
):
    content, row, column, code = BROKEN[what]
    file = sqlite_clinic.file(content)
    before = sqlite_clinic.entries()
    asked = sqlite_clinic.type(file, "--check", "--json")
    assert asked.code == 10
    first = asked.json["rows"][0]
    assert (first["row"], first["column"], first["code"]) == (row, column, code)
    assert first["message"]
    done = sqlite_clinic.type(file, "--json")
    is_refusal = code.isupper() or code.startswith("EVIDENCE")
    assert done.code == (10 if is_refusal else 2)
    assert done.json["rows"] == asked.json["rows"]
    said = asked.out + asked.err + done.out + done.err
    for secret in (SECRET, "Quillon", BORN, "MRN77", "HYPERLINK", "1.23E"):
        assert secret not in said
    shown = typed("patient", "show", "P00013", "-d", sqlite_clinic.url)
    assert shown.code == 11
    log = 6  # who looked: two questions, each asked and shown, and this one
    assert sqlite_clinic.entries() - before <= log


def test_a_file_that_cannot_be_opened_is_told(sqlite_clinic, tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("", "not-there.csv", "pipe", "loop", "/dev/zero", "a\0b"):
        done = sqlite_clinic.type(tmp_path / name if "\0" not in name else name)
        assert (done.code, done.out) == (2, ""), name
        assert "hint:" in done.err


def test_no_file_is_no_file(sqlite_clinic):
    done = sqlite_clinic.type()
    assert (done.code, done.out) == (2, "")


def test_every_fault_of_every_row_is_told_at_once(sqlite_clinic):
    bad = "9,score,b,up,03/04/2025,,,,,,,99,nowhere,"
    worse = "9,injection,b,left,2025-13-01,,,,,xray,,,,"
    file = sqlite_clinic.file(text_of(HEADS, ANN, OPENED, bad, worse))
    rows = sqlite_clinic.type(file, "--check", "--json").json["rows"]
    assert [(row["row"], row["column"]) for row in rows] == [
        (4, "nrs"),
        (4, "on"),
        (4, "side"),
        (4, "stage"),
        (5, "guidance"),
        (5, "id"),
        (5, "on"),
    ]


def test_a_word_that_is_nearly_right_is_met_with_the_right_one(sqlite_clinic):
    cases = {
        "fluroscopy": ("guidance", "did you mean fluoroscopy?"),
        "in_joint": ("contrast", "did you mean in-joint?"),
    }
    for cell, (column, hint) in cases.items():
        file = sqlite_clinic.file(in_row(4, column, cell))
        [row] = sqlite_clinic.type(file, "--check", "--json").json["rows"]
        assert (row["column"], row["hint"]) == (column, hint)


@pytest.mark.parametrize("form", ["tsv", "csv", "ndjson"])
def test_beside_an_empty_table_of_faults_stands_what_would_come_in(sqlite_clinic, form):
    sqlite_clinic.type(sqlite_clinic.file(text_of(*GOOD)))
    again = text_of(HEADS, ANN.replace("1,", "11,", 1).replace("MRN77", "MRN78"))
    file = sqlite_clinic.file(again, "again.csv")
    done = sqlite_clinic.type(file, "--check", "--format", form)
    assert done.code == 0
    assert len(done.out.splitlines()) == (0 if form == "ndjson" else 1)
    assert "can be taken in: 1 patient" in done.err
    assert "look at: row 2 may be the same person as P00013" in done.err
    assert sqlite_clinic.type(file, "--check", "--json").told == ""


def test_the_screen_fits_eighty_columns(sqlite_clinic):
    rows = in_row(4, "on", "6.1.2025").splitlines()
    file = sqlite_clinic.file(text_of(*rows, "9,score,b,up,x,,,,,,,99,nowhere,"))
    done = sqlite_clinic.type(file, "--check", "--format", "table")
    assert max(map(len, done.out.splitlines())) <= 80
    assert (
        "      4  on                is a date that can be read in two ways" in done.out
    )
