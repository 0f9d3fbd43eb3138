"""Work of a period is done once, by whoever comes first, and again where that one died."""

import datetime as dt
import threading
from contextlib import closing

from sitrack.record import periods
from sitrack.record.journal import writing
from sitrack.record.ledger import open_ledger, reading

NOON = dt.datetime(2025, 1, 7, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def begun(ledger, period="2025-01-07", real_now=NOON, worker="one"):
    with writing(ledger) as work:
        return periods.begin(
            work.connection,
            "job",
            period,
            worker=worker,
            real_now=real_now,
            lease=10 * MINUTE,
        )


def finish(ledger, period="2025-01-07", now=NOON):
    with writing(ledger) as work:
        periods.finish(work.connection, "job", period, now)


def test_whoever_comes_first_does_it(ledger):
    assert begun(ledger)
    assert not begun(ledger, worker="two")
    assert begun(ledger, "2025-01-08", worker="two")


def test_what_is_done_is_done(ledger):
    begun(ledger)
    finish(ledger)
    assert not begun(ledger, real_now=NOON + 60 * MINUTE)


def test_where_the_first_one_died_another_takes_over(ledger):
    begun(ledger)
    assert not begun(ledger, real_now=NOON + 9 * MINUTE)
    assert begun(ledger, real_now=NOON + 10 * MINUTE, worker="two")
    assert not begun(ledger, real_now=NOON + 11 * MINUTE, worker="three")


def test_the_last_time_is_the_latest_of_all_periods(ledger):
    def last():
        with reading(ledger) as connection:
            return periods.last_finished(connection, "job")

    def beat(period, now):
        with writing(ledger) as work:
            periods.beat(work.connection, "job", period, "one", now)

    assert last() is None
    begun(ledger)
    assert last() is None
    beat("2025-01-07T12", NOON + MINUTE)
    beat("2025-01-07T12", NOON + 3 * MINUTE)
    beat("2025-01-07T12", NOON + 2 * MINUTE)  # a slower one, of another host
    assert last() == NOON + 3 * MINUTE
    beat("2025-01-07T13", NOON + 60 * MINUTE)
    assert last() == NOON + 60 * MINUTE


def test_of_eight_at_once_one_does_it(ledger):
    url = ledger.url.render_as_string(hide_password=False)
    start, done = threading.Barrier(8), []

    def race(name):
        with closing(open_ledger(url)) as mine:
            start.wait()
            done.append(begun(mine, worker=name))

    threads = [threading.Thread(target=race, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 7 + [True]
