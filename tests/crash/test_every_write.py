"""Every kind of write is whole or was never made, wherever it is cut off.

On SQLite the database fails at each statement of each write; on PostgreSQL, and where
the process is killed, at some that are drawn: `trial.py` is the long form.
"""

import functools
import random
from contextlib import ExitStack

import pytest

from .kinds import ELSEWHERE, kinds_written
from .points import COMMIT, OVER, STATEMENT
from .trial import Trial
from .ward import original
from .writes import WRITES

DRAWN = {"sqlite": (30, 4), "postgresql": (2, 1)}
"""At how many points the database fails: before the first commit, and after it. Before
the first one, thirty are all that any write has but those that read at length."""


CASES = [
    (kind, write.name)
    for kind in DRAWN
    for write in WRITES.values()
    if write.only in {None, kind} and not (kind == "postgresql" and write.like)
]


@pytest.fixture(scope="module")
def wards(request, tmp_path_factory):
    """What the copies of each kind of database are made from, made when asked for."""
    with ExitStack() as stack:

        @functools.cache
        def made(kind):
            on_server = kind == "postgresql"
            place = request.getfixturevalue("postgres") if on_server else None
            folder = tmp_path_factory.mktemp("ward")
            return stack.enter_context(original(folder, place)), place

        yield made


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_write_is_whole_or_was_never_made(wards, kind, name, tmp_path):
    made, place = wards(kind)
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    course = (trial := Trial(WRITES[name], made, tmp_path, place)).course
    statements, commits = course.numbers(STATEMENT), course.numbers(COMMIT)
    first = list(filter(course.is_first, statements))
    later = [n for n in statements + commits if not course.is_first(n)]
    before, after = DRAWN[kind]
    trial.tried(
        [*drawn(chance, first, before), commits[0], *drawn(chance, later, after)],
        deaths=[*drawn(chance, first, 1), course.numbers(OVER)[-1]],
    )


def drawn(chance, points, most):
    return sorted(chance.sample(points, min(most, len(points))))


def test_every_kind_of_entry_is_written_by_some_row_of_the_table():
    """Whoever adds a kind of entry adds the write that it comes from."""
    written = {kind for write in WRITES.values() for kind in write.kinds}
    known = kinds_written()
    assert known - written == ELSEWHERE.keys()
    assert written <= known
