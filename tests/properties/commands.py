"""Any command that somebody may type about an episode, drawn at random.

Each goes through the use cases of people, as the command line does, and is one batch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from sitrack.coordination import amendments
from sitrack.coordination.page import Because
from sitrack.coordination.parking import change_status
from sitrack.coordination.undo import undo
from sitrack.journey import parking
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.stages import Side, Stage
from tests.clinic import RIVERA
from tests.properties.kept import Kept
from tests.properties.walks import PROTOCOL

Command = Callable[[Kept, Any], None]
BECAUSE = Because("typing-error", "looked at again")
JUDGED = {
    "variance": "clinical-judgement",
    "clinician": "osei",
    "text": "discussed at the meeting",
}

EVIDENCE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("score", {"nrs": "7"}),
    ("score", {"nrs": "2", "pgic": "2"}),
    ("score", {"vas": "40"}),
    ("injection", {"guidance": "ct", "contrast": "in-joint", "nrs": "8"}),
    ("block", {"nrs": "8", "anaesthetic": "bupivacaine"}),
    ("rfa", {"technique": "cooled", "guidance": "fluoroscopy", "nrs": "8"}),
    ("diary", {"readings": ("1h=1", "2h=2")}),
    ("exam", {"positive": "faber,gaenslen,yeoman"}),
    ("screen", {"lumbar": "negative", "hip": "positive"}),
    ("consent", {"procedure": "rfa"}),
    ("therapy", {"type": "active-stabilisation", "visits": "5"}),
    ("medication", {"drug": "naproxen", "response": "none"}),
    ("belt", {"start": "2025-01-06"}),
    ("booking", {"what": "rfa", "day": "2030-01-01"}),
    ("contact", {"outcome": "no-answer", "channel": "phone"}),
    ("contact", {"outcome": "deceased", "channel": "phone"}),
    ("note", {"text": "walks to the clinic again"}),
    ("attestation", {"about": "source", "performer": "osei"}),
    ("visit", {"by": "clinic"}),
)


def _days_ago(data: Any, story: Kept) -> dt.date:
    ago = data.draw(st.integers(0, 60), label="days ago")
    return _today(story) - dt.timedelta(days=ago)


def _today(story: Kept) -> dt.date:
    return story.ledger.clock().date()


def _number(data: Any, story: Kept) -> int:
    return int(data.draw(st.integers(1, len(story.entries)), label="number"))


def record(story: Kept, data: Any) -> None:
    kind, values = data.draw(st.sampled_from(EVIDENCE))
    day = data.draw(st.none() | st.just(_days_ago(data, story)))
    story.clinic.record(story.key, kind, occurred=day, **values)


def record_on_both(story: Kept, data: Any) -> None:
    kind, values = data.draw(st.sampled_from(EVIDENCE[:6]))
    story.clinic.both(story.key.patient, kind, **values)


def move(story: Kept, data: Any) -> None:
    ways = [move.target for move in PROTOCOL.moves_from(story.stage)]
    target = data.draw(st.sampled_from([*ways, *ways, *Stage]))
    found = PROTOCOL.move_between(story.stage, target)
    reasons = st.sampled_from(found.reasons) if found and found.reasons else st.none()
    story.clinic.advance(
        story.key,
        target,
        command=found.command if found else "advance",
        reason=data.draw(reasons),
        **data.draw(st.sampled_from([{}, JUDGED, JUDGED])),
    )


def park(story: Kept, data: Any) -> None:
    review = _today(story) + dt.timedelta(days=data.draw(st.integers(1, 90)))
    holds = [each.seq for each in story.episode().open_holds] or [1]
    hold = data.draw(st.sampled_from(holds))
    ways: list[Callable[[parking.Parking], Any]] = [
        lambda asked: parking.hold(asked, "hospitalised", review),
        lambda asked: parking.renew(asked, hold, review),
        lambda asked: parking.resume(asked, hold),
        parking.lose,
        parking.come_back,
    ]
    way = data.draw(st.sampled_from(ways))
    change_status(story.ledger, RIVERA, story.key, way)


SETS = {
    "score": ("nrs=5", "pgic=4", "vas=50"),
    "injection": ("nrs=5", "contrast=not-in-joint", "sedation=yes"),
    "block": ("nrs=5", "nerves=s1"),
    "diary": ("reading=1h=7", "method=phone"),
    "exam": ("positive=faber", "positive="),
    "screen": ("hip=positive", "hip=negative"),
    "therapy": ("visits=1", "type=passive"),
    "contact": ("outcome=reached",),
}


def correct(story: Kept, data: Any) -> None:
    number = _number(data, story)
    day = f"on={_days_ago(data, story)}"
    fitting = SETS.get(story.entries[number - 1].kind, (day,))
    typed = data.draw(st.sampled_from([day, *fitting, *fitting]))
    field, _, value = typed.partition("=")
    amendments.correct(
        story.ledger, RIVERA, story.key, {number: [(field, value)]}, BECAUSE
    )


def retract(story: Kept, data: Any) -> None:
    numbers = [_number(data, story) for _ in range(data.draw(st.integers(1, 3)))]
    amendments.retract(story.ledger, RIVERA, story.key, numbers, BECAUSE)


def retract_the_last_change(story: Kept, _data: Any) -> None:
    last = story.episode().visit.seq
    amendments.retract(story.ledger, RIVERA, story.key, [last], BECAUSE)


def transfer(story: Kept, data: Any) -> None:
    numbers = [_number(data, story)]
    amendments.transfer(
        story.ledger, RIVERA, story.key, numbers, other_side(story), BECAUSE
    )


def undo_another(story: Kept, data: Any) -> None:
    undo(story.ledger, RIVERA, f"{story.key}#{_number(data, story)}")


def undo_the_last(story: Kept, _data: Any) -> None:
    undo(story.ledger, RIVERA, None)


def other_side(story: Kept) -> EpisodeKey:
    """The episode of the patient's other joint."""
    return replace(story.key, side=Side.LEFT)


COMMANDS: tuple[Command, ...] = (
    record,
    record,
    record_on_both,
    move,
    move,
    park,
    park,
    correct,
    correct,
    correct,
    retract,
    retract,
    retract_the_last_change,
    transfer,
    undo_another,
    undo_the_last,
)
