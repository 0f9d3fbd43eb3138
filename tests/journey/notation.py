"""A notation in which a test reads like a patient's story.

Days are whole numbers counted from the day of the index injection (day 0), or ISO
dates. Whatever is told goes through the same decisions as in life: evidence that
cannot be so is refused, and a move that is not allowed is not made.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from sitrack.journey import coherence, corrections, parking
from sitrack.journey.agenda import Due, agenda
from sitrack.journey.alerts import marked
from sitrack.journey.assessment import Assessment, assess
from sitrack.journey.assessment.case import Case
from sitrack.journey.decisions import MoveRequest, Variance, decide_move, find_move
from sitrack.journey.desk import Desk
from sitrack.journey.entries import MOVE, OPENED, Draft, Entry, Provenance
from sitrack.journey.episode import Episode
from sitrack.journey.findings import Finding, Refused
from sitrack.journey.folding import fold
from sitrack.journey.forms import EXCLUSIONS
from sitrack.journey.parking import Parking
from sitrack.journey.patient import EpisodeKey
from sitrack.journey.plausibility import EvidenceForm, decide_evidence
from sitrack.pathway.loading import load, shipped_text
from sitrack.pathway.policy import Payer
from sitrack.pathway.protocol import Protocol
from sitrack.pathway.stages import Side

ZONE = dt.UTC
DAY_ZERO = dt.date(2025, 1, 6)
BORN = dt.date(1970, 5, 1)
NURSE = Provenance(performer="osei", recorder="nurse", source="clinic")
JUDGEMENT = Variance("clinical-judgement", "osei", "discussed at the meeting")

Day = int | str | dt.date


def on(day: Day) -> dt.date:
    """Return the date of a story's day."""
    if isinstance(day, int):
        return DAY_ZERO + dt.timedelta(days=day)
    return dt.date.fromisoformat(day) if isinstance(day, str) else day


class Answer(NamedTuple):
    """What one requirement said: its result, its code with item, its first day."""

    result: str
    label: str | None = None
    earliest: dt.date | None = None


MET = Answer("met")


def not_met(label: str, earliest: Day | None = None) -> Answer:
    return Answer("not-met", label, None if earliest is None else on(earliest))


def unknown(label: str, earliest: Day | None = None) -> Answer:
    return Answer("unknown", label, None if earliest is None else on(earliest))


def answer_of(finding: Finding) -> Answer:
    label = finding.label() if finding.code else None
    return Answer(finding.result.value, label, finding.earliest)


BOUNDARIES = (
    # baseline, score, relief in percent, and whether that is 50, 75 and 80 or more
    (8, 4, "50 %", True, False, False),
    (8, 2, "75 %", True, True, False),
    (8, 1, "87.5 %", True, True, True),
    (9, 2, "77.8 %", True, True, False),
    (9, 3, "66.7 %", True, False, False),
    (10, 2, "80 %", True, True, True),
    (5, 1, "80 %", True, True, True),
    (7, 4, "42.9 %", False, False, False),
    (7, 2, "71.4 %", True, False, False),
    (7, 1, "85.7 %", True, True, True),
    (6, 3, "50 %", True, False, False),
    (6, 2, "66.7 %", True, False, False),
    (6, 1, "83.3 %", True, True, True),
    (5, 2, "60 %", True, False, False),
)
"""The boundary table of the clinical reference, 2.0."""

AT_LEAST_50 = [
    (baseline, score, reached) for baseline, score, _, reached, _, _ in BOUNDARIES
]


class Story:
    """One episode, told entry by entry."""

    def __init__(
        self, day: Day = 0, *, side: str = "right", protocol: Protocol | None = None
    ) -> None:
        self.key = EpisodeKey("P01428", Side(side), 1)
        self.protocol = protocol or load(shipped_text())
        self.entries: list[Entry] = []
        self.others: tuple[Story, ...] = ()
        self.payer: Payer | None = None
        opening = Draft(
            OPENED,
            on(day),
            NURSE,
            stage_to=self.protocol.initial,
            protocol=self.protocol.hash,
            payload={"coordinator": "nurse"},
        )
        self.write(opening)

    # --- telling

    def write(self, draft: Draft, written: Day | None = None) -> Entry:
        """Append an entry as the record would, with a hash that proves nothing."""
        seq = len(self.entries) + 1
        day = draft.occurred
        if isinstance(day, dt.datetime):
            day = day.astimezone(ZONE).date()
        entry = Entry(
            stream=self.key.stream,
            seq=seq,
            entry_id=str(uuid.UUID(int=seq)),
            kind=draft.kind,
            stage_from=draft.stage_from,
            stage_to=draft.stage_to,
            occurred=draft.occurred,
            recorded=self._next_instant(on(written) if written is not None else day),
            provenance=draft.provenance,
            protocol=draft.protocol,
            corrects=draft.corrects,
            batch=f"batch-{seq}",
            commitment="00",
            previous="00",
            hash="00",
            payload=draft.payload,
        )
        self.entries.append(entry)
        return entry

    def _next_instant(self, day: dt.date) -> dt.datetime:
        wanted = dt.datetime.combine(day, dt.time(9), tzinfo=ZONE)
        if not self.entries:
            return wanted
        return max(wanted, self.entries[-1].recorded + dt.timedelta(seconds=1))

    def record(
        self,
        kind: str,
        day: Day | dt.datetime | None,
        /,
        *readings: str,
        about: int | None = None,
        written: Day | None = None,
        side: str | None = None,
        **values: Any,
    ) -> int:
        """Record evidence of that day and return its number.

        It is written on `written`, else on the day itself, or on the day of the last
        entry where that is later. A day of None takes the form's own default.
        """
        occurred = day if isinstance(day, dt.datetime | None) else on(day)
        last = self.entries[-1].recorded.date()
        if written is not None:
            today = on(written)
        elif occurred is None:
            today = last
        elif isinstance(occurred, dt.datetime):
            today = max(occurred.date(), last)
        else:
            today = max(occurred, last)
        form = EvidenceForm(
            kind=kind,
            occurred=occurred,
            side=Side(side) if side else None,
            about=about,
            values=values,
            readings=readings,
            provenance=NURSE,
            payload={},
        )
        draft = decide_evidence(self.episode(), form, today=today, zone=ZONE, born=BORN)
        return self.write(draft, today).seq

    def injection(self, day: Day = 0, **values: Any) -> int:
        told = {"guidance": "fluoroscopy", "contrast": "in-joint", "nrs": 8}
        if "vas" in values:
            del told["nrs"]
        return self.record("injection", day, **{**told, **values})

    def block(self, day: Day, *, written: Day | None = None, **values: Any) -> int:
        told = {"anaesthetic": "bupivacaine", "nrs": 8, "guidance": "fluoroscopy"}
        return self.record("block", day, written=written, **{**told, **values})

    def rfa(self, day: Day, **values: Any) -> int:
        told = {"technique": "cooled", "guidance": "fluoroscopy", "nrs": 8}
        if "vas" in values:
            del told["nrs"]
        return self.record("rfa", day, **{**told, **values})

    def diary(self, day: Day | None, *readings: str, **more: Any) -> int:
        return self.record("diary", day, *readings, **more)

    def score(self, day: Day, **values: Any) -> int:
        return self.record("score", day, **values)

    def exam(self, day: Day, positive: int = 3, negative: int = 2) -> int:
        names = ("faber", "gaenslen", "thigh-thrust", "compression", "distraction")
        more = ("sacral-thrust", "yeoman", "aslr")
        tests = (*names, *more)
        values = {
            "positive": ",".join(tests[:positive]),
            "negative": ",".join(tests[positive : positive + negative]),
        }
        return self.record("exam", day, **{k: v for k, v in values.items() if v})

    def screens(self, day: Day, **values: Any) -> int:
        told = {"lumbar": "negative", "hip": "negative", "soft_tissue": "negative"}
        return self.record("screen", day, **{**told, **values})

    def therapy(self, day: Day, **values: Any) -> int:
        return self.record("therapy", day, **{"type": "active-stabilisation", **values})

    def naproxen(self, day: Day, **values: Any) -> int:
        return self.record("medication", day, drug="naproxen", **values)

    def consent(self, day: Day, procedure: str = "rfa") -> int:
        return self.record("consent", day, procedure=procedure)

    def fusion(self, day: Day, **values: Any) -> int:
        return self.record("fusion", day, **{"approach": "lateral", **values})

    def opinion(self, day: Day, verdict: str = "candidate") -> int:
        return self.record("opinion", day, **{"from": "surgeon", "verdict": verdict})

    def imaging(self, day: Day, regions: str = "si-joint,pelvis,lumbar") -> int:
        return self.record("imaging", day, modality="ct", regions=regions)

    def booking(self, day: Day, what: str, booked: Day, status: str = "made") -> int:
        values = {"what": what, "day": str(on(booked)), "status": status}
        return self.record("booking", day, **values)

    def attest(self, day: Day, what: str, entry: int | None = None) -> int:
        fields = {"about": what}
        form = EvidenceForm("attestation", on(day), None, entry, fields, (), NURSE, {})
        today = max(on(day), self.entries[-1].recorded.date())
        draft = decide_evidence(self.episode(), form, today=today, zone=ZONE, born=BORN)
        return self.write(draft, today).seq

    def move(
        self,
        target: str,
        day: Day,
        reason: str | None = None,
        *,
        variance: Variance | None = None,
        command: str = "advance",
    ) -> int:
        """Make the move, or raise `Refused` with every reason why not."""
        request = MoveRequest(target, command, on(day), NURSE, variance, {})
        draft, _ = decide_move(self.case(day, reason), request)
        return self.write(draft, max(on(day), self.entries[-1].recorded.date())).seq

    def finish(self, day: Day, disposition: str | None) -> int:
        return self.move("closed", day, disposition, command="episode finish")

    def reopen(self, day: Day, reason: str = "new-pain-report") -> int:
        return self.move("re-evaluation", day, reason, command="episode reopen")

    def change(self, day: Day, decide: Callable[[Parking], Draft]) -> int:
        """Change the status, or raise `Refused` with every reason why not."""
        asked = Parking(self.episode(day), self.protocol, on(day), NURSE, {})
        assert asked.day >= asked.episode.moved, "changes follow each other in time"
        draft = decide(asked)
        return self.write(draft, max(on(day), self.entries[-1].recorded.date())).seq

    def hold(
        self, day: Day, review: Day | None = None, reason: str = "hospitalised"
    ) -> int:
        """Put it on hold, with a review 30 days later where none is given."""
        until = on(day) + dt.timedelta(days=30) if review is None else on(review)
        return self.change(day, lambda asked: parking.hold(asked, reason, until))

    def renew(self, number: int, day: Day, review: Day) -> int:
        return self.change(day, lambda asked: parking.renew(asked, number, on(review)))

    def resume(self, day: Day, number: int | None = None) -> int:
        return self.change(day, lambda asked: parking.resume(asked, number))

    def lose(self, day: Day) -> int:
        return self.change(day, parking.lose)

    def come_back(self, day: Day) -> int:
        return self.change(day, parking.come_back)

    def contact(
        self, day: Day, outcome: str = "no-answer", channel: str = "phone"
    ) -> int:
        return self.record("contact", day, outcome=outcome, channel=channel)

    def placed(self, stage: str, day: Day) -> int:
        """Put the episode into a stage without asking, where no test is about how."""
        return self.write(
            Draft(
                MOVE,
                on(day),
                NURSE,
                stage_from=self.episode().stage,
                stage_to=stage,
                protocol=self.protocol.hash,
                payload={"move": "placed", "rests_on": [], "findings": []},
            )
        ).seq

    # --- amending

    def correct(self, day: Day, number: int, *sets: str) -> list[int]:
        """Give entries other values, as typed: `nrs=6`, or `12.on=2025-02-03`."""
        changes: dict[int, list[tuple[str, str]]] = {}
        for text in sets:
            field, _, value = text.partition("=")
            other, dot, rest = field.partition(".")
            about, field = (int(other), rest) if dot else (number, field)
            changes.setdefault(about, []).append((field, value))

        acts = [
            lambda desk, n=about, given=given: corrections.correct(desk, n, given, {})
            for about, given in sorted(changes.items())
        ]
        return self._amend(day, acts)

    def retract(self, day: Day, *numbers: int) -> list[int]:
        """Take entries out."""

        acts = [
            lambda desk, n=number: corrections.retract(desk, n, {})
            for number in numbers
        ]
        return self._amend(day, acts)

    def undo(self, day: Day, *numbers: int) -> list[int]:
        """Take back what was written with those numbers, the last one first."""

        acts = [
            lambda desk, n=number: corrections.take_back(desk, desk.entries[n - 1], {})
            for number in sorted(numbers, reverse=True)
        ]
        return self._amend(day, acts)

    def desk(self, day: Day) -> Desk:
        """What a request to amend is judged by on that day."""
        return Desk(
            key=self.key,
            entries=list(self.entries),
            known=len(self.entries),
            episode=self.episode(),
            protocol=self.protocol,
            protocol_of=lambda _hash: self.protocol,
            provenance=NURSE,
            today=on(day),
            zone=ZONE,
            born=BORN,
        )

    def _amend(self, day: Day, acts: list[Callable[[Desk], Draft]]) -> list[int]:
        """Write amendments as one command: all of them, or none."""
        before, desk = list(self.entries), self.desk(day)
        try:
            for act in acts:
                desk = desk.with_written(self.write(act(desk), day))
            coherence.refuse_illegal(desk)
            coherence.refuse_torn(self.episode(), desk.written)
        except Exception:
            self.entries = before
            raise
        return [entry.seq for entry in desk.written]

    @property
    def broken(self) -> dict[int, list[str]]:
        """The changes that lost their ground, by number, and what they lack."""
        return {each.seq: list(each.codes) for each in self.episode().broken}

    # --- asking

    def episode(self, as_of: Day | None = None) -> Episode:
        day = None if as_of is None else on(as_of)
        told = fold(self.key, self.entries, ZONE, day)
        return marked(told, self.entries, lambda _hash: self.protocol, ZONE)

    @property
    def stage(self) -> str:
        return self.episode().stage

    def case(self, day: Day, reason: str | None = None) -> Case:
        return Case(
            episode=self.episode(day),
            protocol=self.protocol,
            today=on(day),
            reason=reason,
            others=tuple(other.episode(day) for other in self.others),
            payer=self.payer,
        )

    def assessed(
        self, target: str, day: Day, reason: str | None = None, command: str = "advance"
    ) -> Assessment:
        case = self.case(day, reason)
        return assess(case, find_move(case.episode, self.protocol, target, command))

    def asked(self, target: str, day: Day, kind: str, **more: Any) -> Answer:
        """What one requirement of the move says; it must say exactly one thing."""
        [finding] = self.findings(target, day, kind, **more)
        return answer_of(finding)

    def answers(self, target: str, day: Day, kind: str, **more: Any) -> list[Answer]:
        """Everything that one requirement of the move says."""
        return [answer_of(each) for each in self.findings(target, day, kind, **more)]

    def findings(self, target: str, day: Day, kind: str, **more: Any) -> list[Finding]:
        found = self.assessed(target, day, **more).findings
        return [finding for finding in found if finding.requirement == kind]

    def refused(self, target: str, day: Day, *args: Any, **more: Any) -> set[str]:
        """The labels of everything that the refused move names; it must be refused."""
        return self.refusal(lambda: self.move(target, day, *args, **more))

    def refusal(self, act: Callable[[], object]) -> set[str]:
        """The labels of everything for which this is refused; it must change nothing."""
        before = list(self.entries)
        try:
            act()
        except Refused as refusal:
            assert self.entries == before
            return {finding.label() for finding in refusal.findings}
        raise AssertionError("it was allowed")

    def lines(self, day: Day) -> list[Due]:
        """The open follow-ups as of a day, earliest due first."""
        return agenda(self.episode(day), self.protocol)

    def open(self, day: Day) -> dict[str, str]:
        """The open follow-ups as of a day: rule without its stage, and due date."""
        named = {
            line.rule.partition("-")[2] or line.rule: line for line in self.lines(day)
        }
        return {name: str(line.due) for name, line in named.items()}


def shipped_with(*changes: tuple[str, str]) -> Protocol:
    """The shipped protocol with some of its text replaced, each exactly once."""
    text = shipped_text()
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return load(text)


# --- stories told up to a stage, in the fewest words


def failed_injection(**values: Any) -> Story:
    """Day 0: in the joint, anaesthetic positive; day 14: no steroid effect."""
    story = Story(**{k: values.pop(k) for k in ("side", "protocol") if k in values})
    story.injection(0, **values)
    story.diary(0, "1h=2", "2h=2")
    story.score(14, nrs=7)
    return story


def in_re_evaluation(**values: Any) -> Story:
    """Re-evaluation since day 14."""
    story = failed_injection(**values)
    story.move("re-evaluation", 14)
    return story


def in_conservative_care(**values: Any) -> Story:
    """Conservative care since day 20; baseline NRS 7."""
    story = in_re_evaluation(**values)
    story.exam(20)
    story.screens(20)
    story.move("conservative-care", 20)
    return story


def exhausted(story: Story, day: Day) -> Story:
    """Record everything that conservative care needs to be called exhausted."""
    story.therapy(day, visits=8, start=str(on(20)))
    story.naproxen(day, start=str(on(20)), response="none")
    story.score(day, nrs=7)
    return story


def in_diagnostic_block(**values: Any) -> Story:
    """Diagnostic block since day 70."""
    story = exhausted(in_conservative_care(**values), 70)
    story.move("diagnostic-block", 70)
    return story


def in_rfa(**values: Any) -> Story:
    """RFA stage since day 82; the RFA itself is not done."""
    story = in_diagnostic_block(**values)
    story.block(80)
    story.diary(80, "1h=2", "2h=2")
    story.consent(82)
    story.move("rfa", 82)
    return story


def after_rfa(**values: Any) -> Story:
    """RFA done on day 100, baseline NRS 8."""
    story = in_rfa(**values)
    story.rfa(100)
    return story


def in_relief_after_rfa(**values: Any) -> Story:
    """Relief since day 190, by the RFA of day 100 (75 % at day 90)."""
    story = after_rfa(**values)
    story.score(190, nrs=2)
    story.move("relief", 190)
    return story


def in_relief_after_conservative_care(**values: Any) -> Story:
    """Relief since day 60, by conservative care; baseline NRS 7."""
    story = in_conservative_care(**values)
    story.score(60, nrs=2)
    story.move("relief", 60)
    return story


def in_fusion_evaluation(**values: Any) -> Story:
    """Fusion evaluation since day 200, after an RFA that failed."""
    story = after_rfa(**values)
    story.score(200, nrs=7)
    story.move("fusion-evaluation", 200)
    return story


def worked_up(story: Story, day: Day, **without: bool) -> Story:
    """Record everything that a fusion needs but the surgery, except what is left out."""
    facts: dict[str, Callable[[], object]] = {
        "score": lambda: story.score(day, nrs=7, odi=46),
        "care": lambda: story.therapy(day, type="home-programme", start=str(on(20))),
        "consent": lambda: story.consent(day, "fusion"),
        "exclusions": lambda: story.record(
            "screen", day, excluded=",".join(EXCLUSIONS)
        ),
        "behaviour": lambda: story.record("screen", day, behavioural="unremarkable"),
        "opinion": lambda: story.opinion(day),
        "imaging": lambda: story.imaging(day),
        "decision": lambda: story.record("note", day, topic="shared-decision"),
    }
    assert without.keys() <= facts.keys()
    for name, record in facts.items():
        if name not in without:
            record()
    return story


def in_post_fusion(**values: Any) -> Story:
    """Post-fusion since day 210, by the surgery of that day."""
    story = worked_up(in_fusion_evaluation(**values), 210)
    story.fusion(210)
    story.move("post-fusion", 210)
    return story


def sought(story: Story, *days: Day) -> Story:
    """Attempts on these days, by turns by phone and by letter, all in vain."""
    for place, day in enumerate(days):
        story.contact(day, channel=("phone", "letter")[place % 2])
    return story
