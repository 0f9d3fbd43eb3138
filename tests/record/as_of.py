"""What was true on a day and known at a moment, asked of the record and of a small model.

The model reads the raw rows and knows nothing of the record's own code: it takes the
last word on each entry, sorts by day and number, and walks. A long run of it is typed:

    python -m tests.record.as_of 100000
"""

import datetime as dt
import itertools
import json
import random
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.databases import server_in
from sitrack.clock import start_of
from sitrack.errors import NotFound
from sitrack.journey.patient import read_episode_key
from sitrack.record import history, whereabouts
from sitrack.record.ledger import reading
from tests.clinic import driver
from tests.conftest import ZONE, Postgres, new_ledger
from tests.record.lives import DAY, Lives

COLUMNS = "stream, seq, kind, stage_to, occurred, recorded, performer, corrects, body"
ROWS = f"""
    SELECT {COLUMNS.replace("stream, seq", "e.stream, e.seq")}
    FROM entry e LEFT JOIN payload p ON p.stream = e.stream AND p.seq = e.seq
    WHERE e.stream LIKE 'episode/%' ORDER BY e.seq
"""
NO_EVIDENCE = {
    *("opened", "move", "held", "hold-renewed", "resumed", "lost", "returned"),
    *("snoozed", "assigned", "corrected", "retracted"),
}


# --- the model


def streams_of(ledger):
    """The raw rows of every episode, by its stream."""
    names, found = COLUMNS.split(", "), {}
    with driver(ledger) as run:
        for row in run(ROWS):
            entry = dict(zip(names, row, strict=True))
            entry["body"] = json.loads(entry["body"])
            found.setdefault(entry["stream"], []).append(entry)
    return found


def day_of(entry):
    text = entry["occurred"]
    if "T" not in text:
        return text
    instant = dt.datetime.fromisoformat(text)
    return str(instant.astimezone(ZoneInfo(ZONE)).date())


def lived(rows, day, known):
    """What stands of what was known, up to a day, in the order in which it happened."""
    written = [row for row in rows if row["recorded"] <= known]
    last = {row["corrects"]: row for row in written if row["corrects"]}
    found = []
    for row in written:
        word = last.get(row["seq"], row)
        if row["corrects"] or word["kind"] == "retracted" or day_of(word) > day:
            continue
        # What an amendment does not say anew stays as it was first said.
        body = row["body"] | {
            k: v for k, v in word["body"].items() if k in {"values", "readings"}
        }
        more = {"body": body, "occurred": word["occurred"]}
        found.append(row | more | {"performer": word["performer"]})
    return sorted(found, key=lambda row: (day_of(row), row["seq"]))


def model(rows, day, known):
    """Where the episode was, how it came there, and what had been written down."""
    stays, held, lost, facts = [], set(), False, []
    for row in lived(rows, day, known):
        kind = row["kind"]
        if kind == "held":
            held.add(row["seq"])
        elif kind == "resumed":
            held.remove(row["body"]["hold"])
        elif kind == "move":
            held, lost = set(), False
        elif kind in {"lost", "returned"}:
            lost = kind == "lost"
        if row["stage_to"]:
            stays.append((row["seq"], row["stage_to"], day_of(row)))
        if kind not in NO_EVIDENCE:
            values = sorted(row["body"].get("values", {}))
            pain = row["body"].get("values", {}).get("nrs")
            facts.append(
                (row["seq"], kind, day_of(row), row["performer"], values, pain)
            )
    if not stays:
        return None
    status = "lost" if lost else "on-hold" if held else "active"
    if stays[-1][1] == "closed":
        status = "finished"
    return {"stays": stays, "status": status, "held": held, "facts": facts}


# --- the record


def told(connection, ledger, stream, day, known):
    """The same, as the record says it; also from the headers alone."""
    key = read_episode_key(stream.removeprefix("episode/"))
    when = {"as_of": day, "as_known": known}
    place = whereabouts.whereabouts(connection, ledger, stream, **when)
    try:
        episode = history.episode_at(connection, ledger, key, **when)
    except NotFound:
        assert place is None
        return None
    visit = episode.visit
    assert (place.stage, place.status) == (episode.stage, episode.status)
    assert (place.since, place.visit) == (visit.entered, visit.seq)
    facts = [
        (
            *(each.seq, each.kind, str(each.day), each.performer),
            sorted(each.values),
            str(each.values["nrs"]) if "nrs" in each.values else None,
        )
        for each in episode.evidence
    ]
    return {
        "stays": [(v.seq, v.stage, str(v.entered)) for v in episode.visits],
        "status": str(episode.status),
        "held": {hold.seq for hold in episode.open_holds},
        "facts": facts,
    }


def ask(ledger, chance, questions):
    """Compare so many answers about random episodes, days and moments; count states."""
    streams = streams_of(ledger)
    moments = sorted(row["recorded"] for rows in streams.values() for row in rows)
    seen = Counter()
    with reading(ledger) as connection:
        for number in range(questions):
            day, known = _some_time(ledger, chance, moments)
            at = dt.datetime.fromisoformat(known)
            stream = chance.choice(list(streams))
            expected = model(streams[stream], str(day), known)
            assert told(connection, ledger, stream, day, at) == expected, (
                *(stream, day, known),
            )
            seen[expected["status"] if expected else "not open"] += 1
            if number % 50 == 0:
                _count(connection, ledger, streams, day, known, at)
    return seen


def _some_time(ledger, chance, moments):
    """A day and a moment, close to where something happened or was written."""
    known = chance.choice(moments)
    at = dt.datetime.fromisoformat(known)
    if chance.random() < 0.5:
        at += chance.choice((-1, 1)) * dt.timedelta(microseconds=1)
    if chance.random() < 0.3:
        at = start_of(at.date() + DAY, ledger.zone)
    known = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    around = dt.datetime.fromisoformat(chance.choice(moments))
    return around.date() + chance.choice((-30, -1, 0, 0, 1, 30)) * DAY, known


def _count(connection, ledger, streams, day, known, at):
    """Everybody on that day: how many in each stage, and who was open."""
    then = {name: model(rows, str(day), known) for name, rows in streams.items()}
    then = {name: place for name, place in then.items() if place}
    stages = Counter(place["stays"][-1][1] for place in then.values())
    assert whereabouts.census(connection, ledger, day, at) == dict(stages)
    still_open = sorted(
        name.removeprefix("episode/")
        for name, place in then.items()
        if place["status"] != "finished"
    )
    assert whereabouts.open_then(connection, ledger, day, at) == still_open
    if known > max(row["recorded"] for rows in streams.values() for row in rows):
        assert whereabouts.census(connection, ledger, day) == dict(stages)
        assert whereabouts.open_then(connection, ledger, day) == still_open


# --- the long run

AT_ONCE = 5_000
"""Questions about one clinic, before another one is lived."""


def lived_clinic(url, seed, patients=10, acts=250):
    """A new ledger in which some patients have lived, and the chance that led them."""
    chance = random.Random(seed)
    ledger = new_ledger(url)
    Lives(ledger, chance, patients).live(acts)
    return ledger, chance


def main(questions):
    """Ask so many questions of each database; end at the first wrong answer."""
    for kind, fresh in (("SQLite", _files), ("PostgreSQL", _databases)):
        seen = Counter()
        with fresh() as urls:
            while (left := questions - seen.total()) > 0:
                seed = random.randrange(10**9)
                print(f"{kind}, seed {seed}", flush=True)
                ledger, chance = lived_clinic(next(urls), seed)
                seen += ask(ledger, chance, min(left, AT_ONCE))
                ledger.close()
        print(f"{kind}: {seen.total()} answers, all as the model's: {dict(seen)}")


@contextmanager
def _files():
    with tempfile.TemporaryDirectory(prefix="sitrack-as-of-") as folder:
        numbers = itertools.count()
        yield (f"sqlite:///{Path(folder) / str(number)}.db" for number in numbers)


@contextmanager
def _databases():
    with (
        tempfile.TemporaryDirectory(prefix="sitrack-as-of-") as folder,
        ExitStack() as s,
    ):
        server = server_in(Path(folder) / "data")
        s.callback(server.cleanup)
        postgres = Postgres(server)
        yield (s.enter_context(postgres.fresh()) for _ in itertools.count())


if __name__ == "__main__":
    main(int(sys.argv[1]))
