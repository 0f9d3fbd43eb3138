"""Every stage, status and move: made or refused as the table says, and by its code.

The table is written here a second time, from the clinical reference (part 3) and not
from the protocol file, so that a row that is lost or added there is found here.
"""

from __future__ import annotations

import itertools

import pytest

from sitrack.errors import NotFound
from sitrack.journey.entries import LOST, Draft
from sitrack.journey.findings import Refused
from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import NURSE, Story, on

MOVES = """
injection          advance  re-evaluation relief
re-evaluation      advance  injection conservative-care referred-out
conservative-care  advance  diagnostic-block relief re-evaluation fusion-evaluation
diagnostic-block   advance  rfa re-evaluation fusion-evaluation
rfa                advance  relief fusion-evaluation re-evaluation
relief             advance  rfa re-evaluation
fusion-evaluation  advance  post-fusion conservative-care re-evaluation
post-fusion        advance  re-evaluation
injection          finish   closed
re-evaluation      finish   closed
conservative-care  finish   closed
diagnostic-block   finish   closed
rfa                finish   closed
relief             finish   closed
fusion-evaluation  finish   closed
post-fusion        finish   closed
referred-out       finish   closed
referred-out       reopen   re-evaluation
closed             reopen   re-evaluation
"""
"""From a stage, by a command, to these. Only finishing is possible on hold and lost."""

UNDER_WAY = [
    "injection",
    "re-evaluation",
    "conservative-care",
    "diagnostic-block",
    "rfa",
    "relief",
    "fusion-evaluation",
    "post-fusion",
]
"""What can wait or be lost: part 3 calls it ACTIVE."""

CHANGES = {
    "hold": {"active", "on-hold"},
    "lost": {"active"},
    "resume": {"on-hold"},
    "return": {"lost"},
}
"""A change of status, and the statuses it leads out of, in a stage under way."""

TABLE = {
    (stage, command, target)
    for stage, command, *targets in map(str.split, MOVES.strip().splitlines())
    for target in targets
}
STATES = [
    *(
        (stage, status)
        for stage in UNDER_WAY
        for status in ("active", "on-hold", "lost")
    ),
    ("referred-out", "active"),
    ("closed", "finished"),
]
"""Every state that an episode can be in."""

FRAME = {"ON_HOLD", "LOST", "NOT_ALLOWED_FROM_STATE"}
"""The codes that stand alone: whatever is recorded, the move cannot be made."""
WORDS = {"advance": "advance", "finish": "episode finish", "reopen": "episode reopen"}


def standing(stage: str, status: str) -> Story:
    """An episode in that stage and status; relief is one that an RFA brought."""
    story = Story()
    story.placed("rfa", 1)
    story.placed(stage, 2)
    if status == "on-hold":
        story.hold(3)
    if status == "lost":
        story.write(Draft(LOST, on(3), NURSE, protocol=story.protocol.hash))
    assert (story.stage, story.episode().status) == (stage, status)
    return story


def refusal(story: Story, act) -> set[str]:
    """The codes for which it is refused; none where it was done."""
    before = list(story.entries)
    try:
        act()
    except Refused as refused:
        assert story.entries == before
        return {str(finding.code) for finding in refused.findings}
    except NotFound:
        return {"NOT_FOUND"}
    return set()


@pytest.mark.founding(15, 37)
@pytest.mark.parametrize(
    ("state", "target"),
    list(itertools.product(STATES, Stage)),
    ids=lambda each: each if isinstance(each, str) else "-".join(each),
)
@pytest.mark.parametrize("command", WORDS)
def test_a_move_is_possible_where_the_table_holds_it_and_nowhere_else(
    state, target, command
):
    stage, status = state
    story = standing(stage, status)
    codes = refusal(story, lambda: story.move(target, 4, command=WORDS[command]))
    stopped = {"on-hold": "ON_HOLD", "lost": "LOST"}.get(status)
    if stopped and command != "finish":
        assert codes == {stopped}
    elif (stage, command, target) in TABLE:
        assert codes & FRAME == set()
    else:
        assert codes == {"NOT_ALLOWED_FROM_STATE"}


def changed(story: Story, change: str) -> set[str]:
    acts = {
        "hold": lambda: story.hold(4),
        "lost": lambda: story.lose(4),
        "resume": lambda: story.resume(4),
        "return": lambda: story.come_back(4),
    }
    return refusal(story, acts[change])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("state", STATES, ids="-".join)
def test_a_status_changes_where_the_table_says_so_and_nowhere_else(state, change):
    stage, status = state
    codes = changed(standing(stage, status), change)
    if stage in UNDER_WAY and status in CHANGES[change]:
        assert codes & (FRAME | {"NOT_FOUND"}) == set()
    elif change == "resume":
        assert codes == {"NOT_FOUND"}  # there is no hold to release
    else:
        stopped = {"on-hold": "ON_HOLD", "lost": "LOST"}
        assert codes == {stopped.get(status, "NOT_ALLOWED_FROM_STATE")}


def test_the_states_are_all_there_are():
    """No hold and no loss stands beside a stage that is not under way."""
    named = {stage for stage, _ in STATES}
    assert named == set(Stage)
    assert {status for _, status in STATES} == set(Status)
    for stage in named - set(UNDER_WAY):
        [status] = [each for name, each in STATES if name == stage]
        story = standing(stage, status)
        for change in ("hold", "lost"):
            assert changed(story, change) == {"NOT_ALLOWED_FROM_STATE"}


def test_the_protocol_holds_the_rows_of_the_table_and_no_others():
    protocol = Story().protocol
    rows = [
        (source, move.command.removeprefix("episode "), move.target)
        for move in protocol.moves
        for source in move.sources
    ]
    assert sorted(rows) == sorted(TABLE)
    changes = {
        move.command.removeprefix("episode "): set(move.sources)
        for move in protocol.status_moves
    }
    assert changes == CHANGES | {"hold": {"active"}}
