"""The page of attacks says what the tests hold the record to."""

import os

from tests.docs.readme import ROOT

from .page import page

PAGE = ROOT / "docs/reference/attacks.md"


def test_the_page_is_the_one_that_the_catalogue_makes():
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
