"""Each reminder is a message of its own, and a round is one call."""

import pytest

from sitrack.reminders.round import run_round
from tests.reminders.conftest import Memory

from .outbox import one_by_one


@pytest.fixture
def settings(tmp_path):
    return one_by_one(tmp_path)


@pytest.fixture
def go(clinic, settings):
    """Run a round through a channel, and return its report."""

    def go(channel=None, ledger=clinic.ledger, settings=settings):
        return run_round(ledger, settings, channel or Memory())

    return go
