"""Where a storm rages: a file, a server that crashes, and a pair of which one takes over.

Each scene gives the URL of a new ledger, and what may strike the database: an act that
returns once it can be reached again.
"""

import shutil
from contextlib import contextmanager

from sitrack.record import upgrade

from .servers import room_for_servers, until


def new_ledger(url):
    made = upgrade.create(
        url, zone="Europe/London", synthetic=True, recorder="tests", now=None
    )
    made.close()
    return url


@contextmanager
def a_file(folder):
    """SQLite, which nothing strikes but the death of its processes."""
    yield new_ledger(f"sqlite:///{folder / 'storm.db'}"), None


@contextmanager
def a_server(_folder):
    """One PostgreSQL server, which may crash."""
    with room_for_servers() as new:
        server = new("one").create()
        yield new_ledger(server.url()), server.crash


@contextmanager
def a_pair(_folder):
    """Two servers: the one that is written to dies, and its standby takes over.

    The dead one comes back as the standby of the other, so that it can happen again.
    """
    with room_for_servers() as new:
        first = new("one").create()
        second = first.copy(new.folder / "two", "two")
        new.kept(second)
        roles = [first, second]
        _wait_for_each_other(*roles)

        def fail_over():
            dead, alive = roles
            dead.stop("immediate")
            alive.promote()
            # Else its first commit waits for a standby that it does not have.
            alive.execute(
                "ALTER SYSTEM SET synchronous_standby_names = ''",
                "SELECT pg_reload_conf()",
            )
            shutil.rmtree(dead.data)
            dead.follow(alive, dead.folder.name)
            _wait_for_each_other(alive, dead)
            roles.reverse()

        yield new_ledger(first.url(second)), fail_over


def _wait_for_each_other(writer, standby):
    """Let no commit return before both have it."""
    writer.execute(
        f"ALTER SYSTEM SET synchronous_standby_names = '{standby.folder.name}'",
        "SELECT pg_reload_conf()",
    )
    states = "SELECT sync_state FROM pg_stat_replication"
    until(lambda: writer.execute(states) == [("sync",)])


SCENES = {"sqlite": a_file, "server": a_server, "standby": a_pair}
