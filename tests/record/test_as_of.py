"""What was true on a day and known at a moment, against a model that shares no code."""

import random

from tests.record.as_of import ask
from tests.record.lives import Lives


def test_the_record_answers_as_a_small_model_does(ledger):
    """The short form of `python -m tests.record.as_of 100000`."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    Lives(ledger, chance, patients=3).live(150)
    seen = ask(ledger, chance, 500)
    assert seen["active"] > 50
    assert seen["not open"] > 0
