"""A synthetic clinic: invented patients walk the pathway over two simulated years.

Everything goes through the real use cases, so that the demo cannot show what the
product would refuse. How often things go well is taken from the sources of the
clinical reference, where there is one; the rest is marked as a guess.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any, Final

from sitrack.clock import start_of, stopped_clock
from sitrack.coordination import people
from sitrack.coordination.episodes import Step, Written, advance, open_episode
from sitrack.coordination.evidence import EvidenceRequest, record_evidence
from sitrack.coordination.people import Author
from sitrack.errors import NotEligible
from sitrack.journey.patient import EpisodeKey
from sitrack.pathway.stages import Side, Stage
from sitrack.record.ledger import Ledger
from sitrack.record.registry import Person
from sitrack.record.staff import Staff

YEARS: Final = 2
_GIVEN: Final = ("Alba", "Bruno", "Clara", "Dario", "Elena", "Fabio", "Greta", "Hugo")
_FAMILY: Final = ("Abel", "Berg", "Costa", "Dahl", "Ebner", "Frey", "Gallo", "Holm")

RATES: Final = {
    # the joint is the source of the pain (a guess)
    "joint": 0.75,
    # an injection of the right joint misses it (a guess)
    "missed": 0.10,
    # steroid relief that lasts, among joints that respond at once (a guess)
    "steroid": 0.25,
    # three provocation tests positive: sensitivity, and 1 - specificity [M4]
    "tests_if_joint": 0.94,
    "tests_if_not": 0.22,
    # an electronic diary is kept in time; a paper diary is [O1][O2]
    "e_diary": 0.94,
    "paper_diary": 0.11,
    # conservative care is enough (a guess)
    "conservative": 0.25,
    # half the pain gone three months after RFA, and a year after [T1]
    "rfa": 0.64,
    "rfa_year": 0.14,
    # an answer comes on the day it is due, not later (a guess)
    "on_time": 0.7,
    # the patient stops coming at some step of the last months (a guess)
    "drops_out": 0.15,
}


_RECENT: Final = dt.timedelta(days=75)
"""Losses are simulated in the last weeks only, so that the worklist is of today."""


class _Ends(Exception):
    """The simulated time is over, or the patient does not come any more."""


def populate(
    ledger: Ledger,
    patients: int,
    seed: int,
    last: dt.date,
    tell: Callable[[int], None],
) -> None:
    """Fill a new synthetic ledger with the clinic's last two years.

    Args:
        ledger: a synthetic ledger without staff.
        patients: how many people.
        seed: the same seed gives the same clinic.
        last: the day on which the simulation ends; nothing is dated on it.
        tell: called with the number of patients done.
    """
    first = last - dt.timedelta(days=365 * YEARS)
    chance = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    _set(ledger, first)
    clerk = Author("rivera", "demo")
    for name, role in (("rivera", "coordinator"), ("osei", "clinician")):
        people.add_staff(ledger, clerk, Staff(name, role, None))
    for number in range(patients):
        came = first + dt.timedelta(days=chance.randrange(1, 365 * YEARS - 20))
        _Walk(ledger, chance, clerk, came, last).run(number)
        tell(number + 1)
    _set(ledger, last)


def _set(ledger: Ledger, day: dt.date, hour: int = 9) -> None:
    ledger.use_clock(stopped_clock(start_of(day, ledger.zone, dt.time(hour))))


class _Walk:
    """One invented patient on the way."""

    def __init__(
        self,
        ledger: Ledger,
        chance: random.Random,
        clerk: Author,
        came: dt.date,
        last: dt.date,
    ) -> None:
        self.ledger = ledger
        self.chance = chance
        self.clerk = clerk
        self.day = came
        self.last = last
        self.key = EpisodeKey("", Side.LEFT, 1)
        self.stage: str = Stage.INJECTION
        self.joint = self.happens("joint")
        self.missed = False
        self.repeated = False
        self.pain = chance.choice((6, 7, 7, 8, 8, 9))

    def happens(self, what: str) -> bool:
        return self.chance.random() < RATES[what]

    def run(self, number: int) -> None:
        """Walk until the time is over, or nothing leads on."""
        _set(self.ledger, self.day)
        born = dt.date(self.chance.randrange(1945, 1996), 6, 15)
        name = _GIVEN[number % 8], _FAMILY[number // 8 % 8]
        patient, _ = people.enrol(
            self.ledger, self.clerk, Person(*name, born, f"SYN-{number + 1:05d}")
        )
        side = self.chance.choice((Side.LEFT, Side.RIGHT))
        done = open_episode(self.ledger, self.clerk, patient.key, side)
        self.key = done.episode.key
        steps = {
            Stage.INJECTION: self.injection,
            Stage.REEVALUATION: self.reevaluation,
            Stage.CONSERVATIVE_CARE: self.conservative_care,
            Stage.DIAGNOSTIC_BLOCK: self.diagnostic_block,
            Stage.RFA: self.rfa,
            Stage.RELIEF: self.relief,
            Stage.FUSION_EVALUATION: self.fusion_evaluation,
            Stage.REFERRED_OUT: self.referred_out,
        }
        try:
            while (step := steps.get(Stage(self.stage))) is not None:
                if self.last - self.day < _RECENT and self.happens("drops_out"):
                    return
                step()
        except _Ends:
            return

    # --- acts

    def wait(self, days: int) -> None:
        """Let days pass: answers come when they are due, or some days late."""
        late = 0 if self.happens("on_time") else self.chance.randrange(1, 9)
        self.day += dt.timedelta(days=days + late)
        if self.day.weekday() > 4:
            self.day += dt.timedelta(days=7 - self.day.weekday())
        if self.day >= self.last:
            # The last day is today: its hours may not have come yet.
            raise _Ends
        _set(self.ledger, self.day, self.chance.randrange(9, 17))

    def record(self, kind: str, **values: Any) -> Written:
        of = values.pop("of", None)
        readings = values.pop("readings", ())
        performer = values.pop("performer", None)
        request = EvidenceRequest(
            kind, values, about=of, readings=readings, performer=performer
        )
        return record_evidence(self.ledger, self.clerk, self.key, request)

    def move(self, stage: Stage, reason: str | None = None) -> bool:
        """Ask for a move; a refusal is part of the clinic's day."""
        step = Step(target=stage.value, reason=reason)
        try:
            done = advance(self.ledger, self.clerk, self.key, step)
        except NotEligible:
            return False
        self.stage = done.episode.stage
        return True

    def score(self, share: float, **more: Any) -> None:
        """Record the pain that is left when `share` of it is gone."""
        self.record("score", nrs=str(round(self.pain * (1 - share))), **more)

    def diary(self, about: int, share: float) -> None:
        """Hand in a diary, in time or late, with readings over the first hours."""
        electronic = self.chance.random() < 0.6
        in_time = self.happens("e_diary" if electronic else "paper_diary")
        done_on = self.day
        self.wait(1 if in_time else self.chance.randrange(3, 9))
        low = round(self.pain * (1 - share))
        readings = tuple(f"{hour}h={low}" for hour in (1, 2, 4))
        method = "e-diary" if electronic else "paper"
        diary = self.record("diary", of=about, readings=readings, method=method)
        if (self.day - done_on).days > 3:
            seq = diary.entry.seq
            self.record("attestation", about="diary", of=seq, performer="osei")

    # --- stages

    def injection(self) -> None:
        if not self.repeated:
            self.missed = self.happens("missed")
        response = 0.75 if self.joint and not self.missed else 0.1
        if not self.repeated:
            self.diary(self.inject("both").entry.seq, response)
        self.wait(14)
        lasting = response > 0.5 and self.happens("steroid")
        self.score(0.6 if lasting else 0.1)
        if lasting:
            self.wait(29)
            self.score(0.6, pgic=2)
            if self.move(Stage.RELIEF):
                return
        if not self.move(Stage.REEVALUATION):
            raise _Ends

    def inject(self, purpose: str) -> Written:
        return self.record(
            "injection",
            guidance="ct" if purpose == "diagnostic" else "fluoroscopy",
            contrast="not-in-joint" if self.missed else "in-joint",
            purpose=purpose,
            anaesthetic="bupivacaine",
            nrs=str(self.pain),
            odi=str(self.chance.randrange(30, 66, 2)),
        )

    def reevaluation(self) -> None:
        self.wait(self.chance.randrange(4, 14))
        if self.missed:
            self.wait(14)
            self.missed = False
            done = self.inject("diagnostic")
            self.diary(done.entry.seq, 0.75 if self.joint else 0.1)
            self.repeated = self.move(Stage.INJECTION)
            if self.repeated:
                return
        tests = "faber,thigh-thrust,gaenslen,compression"
        if not self.happens("tests_if_joint" if self.joint else "tests_if_not"):
            self.record("exam", positive="faber", negative="thigh-thrust,gaenslen")
            self.wait(7)
        other = not self.joint
        if not other:
            self.record("exam", positive=tests, negative="distraction")
        self.record(
            "screen",
            lumbar="negative",
            hip="positive" if other else "negative",
            soft_tissue="negative",
        )
        if other:
            self.refer()
        elif not self.move(Stage.CONSERVATIVE_CARE):
            self.record("attestation", about="source", performer="osei")
            if not self.move(Stage.CONSERVATIVE_CARE):
                raise _Ends

    def refer(self) -> None:
        if not self.move(Stage.REFERRED_OUT, "hip"):
            raise _Ends

    def referred_out(self) -> None:
        """The reply comes, the other source is treated, and the pain is still there."""
        self.wait(self.chance.randrange(20, 40))
        self.record("opinion", **{"from": "hip", "verdict": "other-source"})
        self.wait(12)
        self.score(0.1)
        self.joint = True
        step = Step(Stage.REEVALUATION, "episode reopen", reason="new-pain-report")
        done = advance(self.ledger, self.clerk, self.key, step)
        self.stage = done.episode.stage

    def fusion_evaluation(self) -> None:
        """Nobody is operated on here: the source is questioned again after a while."""
        self.wait(55)
        self.score(0.1, odi="46")
        if not self.move(Stage.REEVALUATION, "persistent-pain"):
            raise _Ends

    def conservative_care(self) -> None:
        self.wait(3)
        self.record(
            "therapy", type="active-stabilisation", start=str(self.day), visits=0
        )
        start = str(self.day)
        self.record("medication", drug="naproxen", dose="500mg-bd", start=start)
        self.wait(24)
        self.record("therapy", type="active-stabilisation", start=start, visits=5)
        self.wait(21)
        enough = self.happens("conservative")
        self.record("therapy", type="active-stabilisation", start=start, visits=9)
        response = "good" if enough else "none"
        self.record("medication", drug="naproxen", start=start, response=response)
        self.score(0.6 if enough else 0.1, odi="40", pgic=2 if enough else 5)
        if not self.move(Stage.RELIEF if enough else Stage.DIAGNOSTIC_BLOCK):
            raise _Ends

    def diagnostic_block(self) -> None:
        self.wait(18)
        done = self.record(
            "block",
            anaesthetic="bupivacaine",
            guidance="fluoroscopy",
            technique="multi-site",
            nrs=str(self.pain),
        )
        self.diary(done.entry.seq, 0.8)
        self.record("consent", procedure="rfa")
        if not self.move(Stage.RFA):
            raise _Ends

    def rfa(self) -> None:
        self.wait(self.chance.randrange(20, 55))
        self.record(
            "rfa", technique="cooled", guidance="fluoroscopy", nrs=str(self.pain)
        )
        works = self.happens("rfa")
        self.wait(42)
        self.score(0.35)
        self.wait(49)
        self.score(0.7 if works else 0.1, pgic=2 if works else 5)
        if not self.move(Stage.RELIEF if works else Stage.FUSION_EVALUATION):
            raise _Ends

    def relief(self) -> None:
        lasts = 9 if self.happens("rfa_year") else self.chance.randrange(1, 4)
        for _ in range(lasts):
            self.wait(88)
            self.score(0.6)
        self.wait(60)
        self.score(0.0, pattern="same")
        self.record("consent", procedure="rfa")
        if not self.move(Stage.RFA) and not self.move(Stage.REEVALUATION, "recurrence"):
            raise _Ends
