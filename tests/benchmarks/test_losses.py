"""What is lost is told of ours too where no peer is installed."""

from benchmarks import losses
from benchmarks.processes import Peer

OURS = Peer("due_ours", "sitrack")
THEIRS = Peer("due_apscheduler", "APScheduler")


def told(*peers):
    place = losses._Place("SQLite", fresh=None)
    storms = {"due_ours": losses.Lost(0, 1), "due_apscheduler": losses.Lost(5, 0)}
    return losses._figures(place, peers, "2 due", lambda module, _: storms[module])


def test_ours_stands_alone_where_nobody_else_can():
    lost, again = told(OURS)
    assert (lost.peer, lost.ours, lost.theirs) == ("", [0], [])
    assert (again.what, again.ours) == ("2 due, SQLite: sent again", [1])


def test_ours_stands_beside_each_peer():
    lost, again = told(OURS, THEIRS)
    assert (lost.peer, lost.ours, lost.theirs) == ("APScheduler", [0], [5])
    assert (again.ours, again.theirs) == ([1], [0])
