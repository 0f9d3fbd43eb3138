"""What tests of holds and losses share: who is lost, and how due dates shift."""

from __future__ import annotations

from sitrack.pathway.stages import Stage, Status
from tests.journey.notation import Story, in_conservative_care, on, sought

PARKED = (Stage.REFERRED_OUT, Stage.CLOSED)
REASONS = (
    *("pregnancy", "hospitalised", "acute-illness", "authorisation-pending"),
    *("optimisation", "patient-request"),
)


def standing(story: Story) -> tuple[str, Status]:
    return story.stage, story.episode().status


def shifted(lines: dict[str, str], days: int) -> dict[str, str]:
    """The same open follow-ups, so many days later."""
    numbers = {
        name: on(due).toordinal() - on(0).toordinal() for name, due in lines.items()
    }
    return {name: str(on(number + days)) for name, number in numbers.items()}


def overdue() -> Story:
    """Conservative care since day 20; its first check was due on day 48."""
    return in_conservative_care()


def lost(story: Story | None = None) -> Story:
    """Lost on day 93."""
    story = sought(story or overdue(), 55, 69, 78)
    story.lose(93)
    return story
