"""What the README prints can be done as it stands there."""

import re

import pytest

from sitrack.errors import SitrackError
from sitrack.pathway.loading import load, shipped_text
from sitrack.settings import OPTIONS
from tests.docs.readme import PROGRAMS, README, ROOT, printed, run


def test_the_first_steps_work_in_an_empty_folder(tmp_path):
    done = run(printed("first steps"), tmp_path, PROGRAMS)
    assert done.returncode == 0, done.stderr
    assert "P00013  M.K.  enrolled" in done.stdout
    assert "may not move" in done.stdout or "EVIDENCE_MISSING" in done.stdout
    assert (tmp_path / "home/.local/share/sitrack/sitrack.db").is_file()


def test_the_first_steps_leave_names_out_of_everything_they_print(tmp_path):
    done = run(printed("first steps"), tmp_path, PROGRAMS)
    for name in ("Maria", "Keller"):
        assert name not in done.stdout + done.stderr


@pytest.mark.parametrize("mark", ["the main job", "the tests"])
def test_set_up_is_one_line_that_a_shell_runs_as_printed(mark):
    assert "\n" not in printed(mark)
    assert printed(mark).startswith("python3 -m venv .venv && ")


def test_what_a_change_must_pass_runs_those_two_lines():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "printed 'the main job'" in script
    assert "printed 'the tests'" in script


def test_every_page_that_the_readme_links_exists():
    links = [part.split(")")[0] for part in README.split("](")[1:]]
    local = [link.split("#")[0] for link in links if not link.startswith("http")]
    assert local
    for link in filter(None, local):
        assert (ROOT / link).exists(), link


def test_every_citation_key_of_the_protocol_is_explained():
    sources = (ROOT / "docs/reference/sources.md").read_text(encoding="utf-8")
    protocol = load(shipped_text())
    cited = {key for number in protocol.numbers.values() for key in number.sources}
    cited |= {key for rule in protocol.follow_ups for key in rule.citations}
    assert len(cited) > 30
    for key in cited - {"R", "K"}:
        assert f"| {key} |" in sources, key


def test_every_setting_is_documented():
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    for option in OPTIONS:
        assert f"| `{option.name}` | `{option.variable}` |" in page


def test_every_exit_code_is_documented():
    page = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    for kind in [SitrackError, *SitrackError.__subclasses__()]:
        assert f"| {kind.code} | `{kind.type}` |" in page
    assert "| 1 | `not-shown` |" in page


def test_every_schema_is_documented():
    page = (ROOT / "docs/reference/json.md").read_text(encoding="utf-8")
    code = "".join(path.read_text() for path in (ROOT / "sitrack/cli").rglob("*.py"))
    schemas = set(re.findall(r"sitrack\.[a-z-]+/1", code))
    assert len(schemas) > 15
    for schema in schemas:
        assert f"`{schema}`" in page, schema
