"""A bit that was turned over is never missed; the long run is `tests.attacks.flips`."""

import random

from .flips import Flips


def test_no_change_of_the_record_is_missed(tmp_path):
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    flips = Flips(tmp_path, seed)
    for _ in range(100):
        flips.flip()
    assert flips.missed == []
    assert sum(flips.counts.values()) == 100
