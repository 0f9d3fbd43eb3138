"""Writes of the office: many at once, staff, protocols, reads, seals, and reminders."""

from sqlalchemy import update

from sitrack.coordination import (
    bulk,
    exports,
    handing,
    keeping,
    packets,
    people,
    protocols,
    retrying,
    sealing,
    teams,
    views,
)
from sitrack.coordination.importing.taking import Wish, take_in
from sitrack.record import access, clock_steps, tables
from sitrack.record.duty import Absence
from sitrack.record.journal import writing
from sitrack.record.ledger import real_instant
from sitrack.record.staff import Staff
from sitrack.record.views import SavedView
from sitrack.reminders.round import run_round
from tests.clinic import RIVERA, driver, settings_of
from tests.coordination.test_importing import File
from tests.crash.ward import ADA, REVIEW, TODAY, derived
from tests.reminders.conftest import Memory
from tests.sealing import register, rotate, sealed, signer

from .row import quietly, writer

OFFICE = {}
write = writer(OFFICE)


# --- many at once


@write("assigned", "assigned")
def bulk_assign(ward):
    """Each in a transaction of its own, all of them one command."""
    mine = {str(ward.ready), str(ward.fresh)}

    def act(key, seen, dry_run):
        [done] = handing.assign(
            ward.ledger, RIVERA, [key], "okafor", expect_version=seen, dry_run=dry_run
        )
        return done

    rows = bulk.picked(ward.ledger, RIVERA, lambda row: row.episode in mine, 100)
    plan = bulk.rehearse(rows, act, quietly)
    outcome = bulk.carry_out(ward.ledger, plan, act, quietly)
    if outcome.stopped:
        raise outcome.stopped


@write("enrolled", "opened", "episode-opened", "injection", "diary")
def import_a_file(ward):
    file = File()
    file.person()
    file.injected(day="2025-04-07")
    take_in(ward.ledger, RIVERA, file.rows, Wish("ab" * 32), quietly)


# --- the office


@write("staff-added")
def staff_add(ward):
    people.add_staff(ward.ledger, ADA, Staff("sato", "clinician", None))


@write("role-changed")
def staff_role(ward):
    people.change_role(ward.ledger, ADA, "okafor", "auditor")


@write("staff-retired")
def staff_retire(ward):
    people.retire_staff(ward.ledger, ADA, "okafor")


@write("team-added")
def team_add(ward):
    change = teams.TeamChange("osei", ("rivera",), (), None)
    teams.add_team(ward.ledger, ADA, "knee", change)


@write("team-changed")
def team_edit(ward):
    change = teams.TeamChange(None, ("rivera",), (), None)
    teams.change_team(ward.ledger, ADA, "spine", change)


@write("absence-set")
def absence_add(ward):
    away = Absence("rivera", TODAY, REVIEW, "okafor")
    teams.set_absence(ward.ledger, RIVERA, away)


@write("absence-ended", before=absence_add)
def absence_end(ward):
    teams.end_absence(ward.ledger, RIVERA, "rivera")


@write("protocol-adopted")
def adopt(ward):
    protocols.adopt(ward.ledger, RIVERA, derived(2), "osei")


@write()
def view_save(ward):
    mine = SavedView("mine", "rivera", shared=False, words=("owner:me",))
    views.keep_view(ward.ledger, RIVERA, lambda _owner: mine)


@write(before=view_save)
def view_delete(ward):
    views.forget_view(ward.ledger, RIVERA, "mine")


def _unsettled(ward):
    """Every agenda is lost."""
    with driver(ward.ledger) as run:
        run("DELETE FROM agenda")


@write("rebuilt", before=_unsettled, checks=True)
def rebuild(ward):
    keeping.rebuild(ward.ledger, ADA, dry_run=False)


@write("clock-stepped", only="sqlite")
def clock_moved(ward):
    """On a server it is the same; but there the machine's time lies ahead of a ward's."""
    ward.ledger.injected = False
    clock_steps.note_moved(ward.ledger, "account", -3600.0)


# --- what leaves, and who saw it


@write("exported")
def export(ward):
    exports.note_export(ward.ledger, RIVERA, {"what": "xes"})


@write("exported")
def packet(ward):
    made = packets.Composed(b"A packet.", {"what": "packet"})
    packets.export(ward.ledger, RIVERA, ward.walked, lambda *_: made)


def _reader(ward):
    return access.reader_named(ward.ledger, "osei", "account")


@write("read")
def look(ward):
    sight = access.Sight("show", "table", [str(ward.ready)])
    access.note(ward.ledger, _reader(ward), sight)


@write("refused")
def look_in_vain(ward):
    sight = access.Sight("show", "table", outcome="not-permitted")
    access.note(ward.ledger, _reader(ward), sight)


@write("break-glass")
def break_the_glass(ward):
    access.admit(ward.ledger, _reader(ward), "show", "emergency")


# --- seals


def _keyed(ward):
    register(ward.ledger)
    sealed(ward.ledger)


@write("sealed", before=lambda ward: register(ward.ledger))
def seal(ward):
    sealing.seal_all(ward.ledger, RIVERA, signer(ward.ledger))


@write("key-rotated", before=_keyed)
def key_rotate(ward):
    rotate(ward.ledger)


@write("key-made", leaves="SEAL_MISSING")
def key_make(ward):
    register(ward.ledger)


# --- reminders


def _lapse(ward):
    """Wait in no time: a lease is held for as long as the longest send."""
    table = tables.reminder
    with writing(ward.ledger) as work:
        just_now = real_instant(work.connection)
        held = table.c.leased_until.is_not(None)
        work.connection.execute(update(table).where(held).values(leased_until=just_now))


def _round(ward, channel):
    told = {"reminders.lease": 3600, "reminders.digest": False}
    return run_round(ward.ledger, settings_of(ward.folder, **told), channel)


@write(again=_lapse)
def reminder_round(ward):
    """What is due is made, claimed, sent and acknowledged, each in its transaction."""
    _round(ward, Memory())


def _give_up(ward):
    table = tables.reminder
    _round(ward, Memory())
    with writing(ward.ledger) as work:
        work.connection.execute(update(table).values(status="dead"))


@write("reminders-retried", before=_give_up)
def reminder_retry(ward):
    retrying.retry_reminders(ward.ledger, RIVERA, None)
