"""RESULTS.md keeps what was measured so far, and says what was not and why."""

import platform
import re

import pytest

from benchmarks import missed, results
from benchmarks.measure import ROOT, Figure
from benchmarks.subjects import NAMES, ON_A_FILE, SUBJECTS

MET = Figure("`sitrack --help`", "a bare click program", [50], [50], budget=1.3)
MISSED = Figure(
    "one `advance`, SQLite", "its SQL statements", [4], [1], budget=0.35, at_least=True
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "RESULTS.md"


def test_every_benchmark_stands_under_one_subject():
    told = [name for names in SUBJECTS.values() for name in names]
    assert sorted(told) == sorted(NAMES)
    assert set(ON_A_FILE) <= set(NAMES)


def test_what_was_measured_is_kept_and_the_rest_is_named_with_its_command(path):
    results.write({"start_up": [MET]}, path)
    text = path.read_text()
    assert "1.00 x" in text
    for name in set(NAMES) - {"start_up"}:
        assert f"`python -m benchmarks {name}`" in text
    assert "`python -m benchmarks start_up`" not in text


def test_why_one_was_not_run_is_told(path):
    results.write({"writers": "there is no server"}, path)
    assert "Not run: there is no server." in path.read_text()


def test_a_later_result_takes_the_place_of_the_file_whole(path):
    results.write({"start_up": [MET]}, path)
    results.write({"start_up": [MET], "advance": [MISSED]}, path)
    assert path.read_text().count("# Results\n") == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_missed_budget_has_its_ratio_and_its_reason(path):
    results.write({"start_up": [MET], "advance": [MISSED]}, path)
    text = path.read_text()
    assert "1 of 2 rows with a budget met it." in text
    _, _, after = text.partition("## Missed")
    row = next(line for line in after.splitlines() if "one `advance`" in line)
    assert "0.25 x" in row
    assert "README.md#one-advance" in row


def test_a_budget_missed_for_no_known_reason_says_so():
    odd = Figure("a round", "the same with 1,000", [2], [1], budget=1.3)
    assert missed.why("reminders", odd).startswith("none is known")


def test_what_was_tried_stands_where_the_reasons_say():
    text = (ROOT / "benchmarks" / "README.md").read_text()
    headings = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert {each.tried for each in missed.REASONS} <= set(headings)
    assert {each.benchmark for each in missed.REASONS} <= set(NAMES)


def test_one_measure_beside_several_peers_stands_once(path):
    beside = [
        Figure("one move", peer, [4.0, 5.0], [2.0, 3.0]) for peer in ("this", "that")
    ]
    results.write({"moves": beside}, path)
    text = path.read_text()
    assert len(re.findall(r"^\| one move ", text, re.MULTILINE)) == 1
    assert "| - this" in text
    assert "| - that" in text


def test_the_machine_is_told_in_words_without_its_name():
    assert platform.node() not in results.machine()
