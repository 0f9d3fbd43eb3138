"""What somebody who owns the file can do, besides statements: chain, count, seal anew."""

import datetime as dt
import hashlib
import json
import secrets
import uuid

from sitrack.record import chain, codec, merkle, rebuilding, seal
from sitrack.record.journal import writing
from sitrack.record.notes import Head, Note
from tests.clinic import driver
from tests.sealing import signer

_COLUMNS = (*codec.HEADER[1:], "previous", "hash")
COPIES = (("agenda", "episode"), ("stage_span", "episode"), ("episode", "key"))
"""The tables in which an episode stands, and by which column."""


class Burglar:
    """Somebody in the house, with the tools of the trade.

    Inside of `with burglar:` no trigger and no foreign key stands in the way; in the
    end every trigger is back as it was.
    """

    def __init__(self, house):
        self.house = house
        self.ledger = house.ledger
        self.one, self.other = house.one.stream, house.other.stream
        self.newer = house.newer

    def __enter__(self):
        self._way_in = driver(self.ledger)
        self._run = self._way_in.__enter__()
        self._run.without_triggers()
        return self

    def __exit__(self, *error):
        return self._way_in.__exit__(*error)

    def sql(self, statement, *values):
        return self._run(statement, *values)

    # --- entries

    def entries(self, stream):
        """The rows of a stream, in their order."""
        query = f"SELECT {', '.join(_COLUMNS)} FROM entry WHERE stream = ? ORDER BY seq"
        return [
            dict(zip(_COLUMNS, row, strict=True)) for row in self.sql(query, stream)
        ]

    def edit(self, stream, seq, **values):
        """Change columns of one entry."""
        changes = ", ".join(f"{name} = ?" for name in values)
        where = "WHERE stream = ? AND seq = ?"
        self.sql(f"UPDATE entry SET {changes} {where}", *values.values(), stream, seq)

    def hash_of(self, row, previous):
        header = codec.header_of(self.ledger.ledger_id, row)
        return chain.entry_hash(previous, header)

    def chain_anew(self, stream):
        """Give every entry the hash that fits the one before it, and the head as well."""
        previous = chain.genesis(self.ledger.ledger_id, stream)
        last = 0
        for row in self.entries(stream):
            hashed = self.hash_of(row, previous)
            self.edit(stream, row["seq"], previous=previous, hash=hashed)
            previous, last = hashed, row["seq"]
        self.head(stream, last, previous)

    def head(self, stream, seq, hashed):
        """Let the head of a stream be that; none where it has no entries."""
        self.sql("DELETE FROM stream WHERE stream = ?", stream)
        if seq:
            self.sql("INSERT INTO stream VALUES (?, ?, ?)", stream, seq, hashed)

    def remove(self, stream, *seqs):
        """Take entries out, with their contents."""
        for table in ("payload", "entry", "unsealed"):
            for seq in seqs:
                self.sql(
                    f"DELETE FROM {table} WHERE stream = ? AND seq = ?", stream, seq
                )

    def shift(self, stream, start, by):
        """Renumber the entries from `start` on."""
        rows = [row["seq"] for row in self.entries(stream) if row["seq"] >= start]
        for seq in rows if by < 0 else reversed(rows):
            for table in ("payload", "entry"):
                change = f"UPDATE {table} SET seq = ? WHERE stream = ? AND seq = ?"
                self.sql(change, seq + by, stream, seq)

    def put(self, stream, seq, payload=None, **values):
        """Write an entry of one's own, with a valid hash after the one before it."""
        rows = self.entries(stream)
        before = next((row for row in rows if row["seq"] == seq - 1), None)
        previous = (
            before["hash"] if before else chain.genesis(self.ledger.ledger_id, stream)
        )
        salt, body = secrets.token_bytes(16), _json(payload or {})
        row = {
            "stream": stream,
            "seq": seq,
            "entry_id": uuid.uuid4().hex,
            "kind": "note",
            "stage_from": None,
            "stage_to": None,
            "occurred": "2025-01-30",
            "recorded": _after(before["recorded"]) if before else "2025-01-06",
            "performer": None,
            "recorder": "rivera",
            "source": "clinic",
            "protocol": None,
            "corrects": None,
            "batch": uuid.uuid4().hex,
            "commitment": _bound(salt, body),
            "previous": previous,
            **values,
        }
        row["hash"] = self.hash_of(row, previous)
        marks = ", ".join("?" for _ in row)
        self.sql(
            f"INSERT INTO entry ({', '.join(row)}) VALUES ({marks})", *row.values()
        )
        self.sql("INSERT INTO payload VALUES (?, ?, ?, ?)", stream, seq, salt, body)
        return row

    def append(self, stream, payload=None, **values):
        """Write the next entry of a stream, and move its head on."""
        seq = len(self.entries(stream)) + 1
        row = self.put(stream, seq, payload, **values)
        self.head(stream, seq, row["hash"])
        return row

    def content(self, stream, seq):
        """The content of an entry, as JSON."""
        query = "SELECT body FROM payload WHERE stream = ? AND seq = ?"
        return json.loads(self.sql(query, stream, seq)[0][0])

    def rewrite(self, stream, seq, payload):
        """Change the content of an entry, and its commitment with it."""
        salt, body = secrets.token_bytes(16), _json(payload)
        change = "UPDATE payload SET salt = ?, body = ? WHERE stream = ? AND seq = ?"
        self.sql(change, salt, body, stream, seq)
        self.edit(stream, seq, commitment=_bound(salt, body))

    def number(self, stream, kind, place=0):
        """The number of the entry of that kind."""
        rows = [row["seq"] for row in self.entries(stream) if row["kind"] == kind]
        return rows[place]

    # --- what follows from entries

    def forget(self, key):
        """Take the standing of an episode out, wherever it stands."""
        for table, column in COPIES:
            self.sql(f"DELETE FROM {table} WHERE {column} = ?", str(key))

    def stand_anew(self):
        """Derive every standing from the entries, as the product itself would."""
        with writing(self.ledger) as work:
            rebuilding.derive_again(work.connection)

    # --- seals

    def cut(self, size):
        """Take everything out that no seal up to `size` covers."""
        kept = (
            "SELECT 1 FROM leaf l WHERE l.stream = {table}.stream AND l.seq = {table}.seq "
            f"AND l.position < {size}"
        )
        for table in ("payload", "entry"):
            where = kept.format(table=table)
            self.sql(f"DELETE FROM {table} WHERE NOT EXISTS ({where})")
        self.sql("DELETE FROM unsealed")
        for (stream,) in self.sql("SELECT stream FROM stream"):
            rows = self.entries(stream)
            last = rows[-1] if rows else {"seq": 0, "hash": b""}
            self.head(stream, last["seq"], last["hash"])
        keys = {f"episode/{k}": k for (k,) in self.sql("SELECT key FROM episode")}
        for stream, key in keys.items():
            if not self.entries(stream):
                self.forget(key)
        for (key,) in self.sql("SELECT key FROM patient"):
            if not self.entries(f"patient/{key}"):
                self.sql("DELETE FROM patient WHERE key = ?", key)

    def sizes(self):
        """The sizes of the seals, in their order."""
        return [size for (size,) in self.sql("SELECT size FROM seal ORDER BY number")]

    def seal_anew(self, name, origin=None):
        """Make leaves, edges and heads anew from what stands there, signed by a key."""
        hashes = self._leaves()
        edge, sizes = merkle.Edge(), dict(self.sql("SELECT size, number FROM seal"))
        key = signer(self.ledger, name)
        for position, hashed in hashes:
            self.sql("UPDATE leaf SET hash = ? WHERE position = ?", hashed, position)
            edge.append(merkle.leaf_hash(hashed))
            if edge.size in sizes:
                self.sign(sizes[edge.size], edge, key, origin)

    def sign(self, number, edge, key, origin=None):
        """Let a seal be a signed head of that tree."""
        origin = origin or seal.origin_of(self.ledger.ledger_id)
        head = Head(origin, edge.size, edge.root())
        note = str(Note(head.text, [key.signed(head.text)]))
        change = "UPDATE seal SET note = ?, edge = ? WHERE number = ?"
        self.sql(change, note, edge.packed(), number)

    def _leaves(self):
        """What every leaf would be by what stands there now."""
        query = (
            "SELECT l.position, e.hash FROM leaf l JOIN entry e "
            "ON e.stream = l.stream AND e.seq = l.seq"
        )
        entries = self.sql(query)
        columns = ", ".join(f"d.{name}" for name in codec.DELIVERY)
        query = (
            f"SELECT l.position, {columns} FROM leaf l JOIN delivery d ON "
            "d.reminder = l.reminder AND d.attempt = l.attempt AND d.event = l.event"
        )
        lines = [
            (place, chain.delivery_hash(codec.as_text(line)))
            for place, *line in self.sql(query)
        ]
        return sorted([*entries, *lines])


def _json(payload):
    return json.dumps(payload, sort_keys=True, separators=(",", ":"))


def _bound(salt, body):
    tag = b"sitrack/payload/1\n"
    return hashlib.sha256(tag + salt + body.encode()).digest()


def _after(recorded):
    """The microsecond after that one."""
    moment = codec.read_instant(recorded) + dt.timedelta(microseconds=1)
    return codec.instant_text(moment)
