"""The page about the pathway is the one that protocol and tests make."""

from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.stages import Stage
from tests.docs.pathway_page import COMMAND, PAGE, file_of, page
from tests.docs.told import ROOT, sentence, told_under


def test_the_page_is_not_stale():
    assert PAGE.read_text(encoding="utf-8") == page(), f"make it anew: {COMMAND}"


def test_every_stage_and_status_is_a_target_with_tests_of_its_own():
    targets = {move.target for move in load(shipped_text()).moves}
    for target in (*targets, "on-hold", "lost", "active"):
        assert (ROOT / file_of(target)).exists(), target
    assert targets == set(Stage)


def test_every_test_of_the_pathway_stands_on_the_page_once():
    lines = [line for line in page().splitlines() if line.startswith("- ")]
    assert len(lines) == len(told_under("tests/pathway"))


def test_no_two_sentences_of_one_file_are_the_same():
    for path in {told.path for told in told_under("tests")}:
        several = [told.sentence for told in told_under("tests") if told.path == path]
        assert len(several) == len(set(several)), path


def test_a_name_is_read_as_a_sentence():
    name = "test_an_rfa_at_nrs_four_leads_to_re_evaluation"
    assert sentence(name) == "An RFA at NRS four leads to re-evaluation"
