"""What both checklists ask for: the side, the examination, exclusions, drugs, authors."""

from __future__ import annotations

from collections.abc import Iterator

from sitrack.exchange.dossier import Dossier, attach
from sitrack.exchange.packet import Part, State, Subject
from sitrack.journey.entries import LATE_AFTER_DAYS, OPENED
from sitrack.journey.evidence import Evidence


def side(dossier: Dossier) -> Part:
    """Return the side, which stands in the episode's opening."""
    opening = next(entry.seq for entry in dossier.entries if entry.kind == OPENED)
    seen = f"{dossier.case.episode.key.side.value} sacroiliac joint"
    fact = dossier.fact(opening, "episode opened")
    return Part("Side", State.MET, seen, facts=(fact,))


def plan(subject: Subject) -> Part:
    """Return the patient's plan; its member number is in no record of ours."""
    payer = subject.payer or "no payer set"
    return attach("Plan", f"{payer}; the member number: attach")


def authorisations(dossier: Dossier, what: str) -> Iterator[Part]:
    """Yield what became of an authorisation, where one was asked for."""
    asked = [a for a in dossier.of_kind("authorisation") if a.values["what"] == what]
    if asked:
        facts = dossier.facts(asked)
        yield Part("Authorisation", State.MET, asked[-1].values["status"], facts=facts)


def examination(dossier: Dossier) -> Iterator[Part]:
    """Yield the tests by name, the pain's place, and what else is examined."""
    yield from dossier.judged(
        "confirm-source", "provocation-tests", "Provocation tests, named"
    )
    yield sign(dossier, "Fortin finger sign", "fortin")
    yield attach("Neurological examination")


def sign(dossier: Dossier, asks: str, name: str) -> Part:
    """Return the latest result of one sign."""
    found = [each for each in dossier.of_kind("exam") if name in each.values]
    if not found:
        return Part(asks, State.MISSING, "not recorded")
    seen, facts = found[-1].values[name], dossier.facts(found[-1:])
    return Part.compared(asks, seen, "yes", facts, good=seen == "yes")


def excluded(dossier: Dossier, words: tuple[str, ...], screens: list[Evidence]) -> Part:
    """Return which diseases the screens rule out; one that was found since is not."""
    asks = ", ".join(words).replace("-", " ").capitalize()
    ruled_out: dict[str, Evidence] = {}
    found: set[str] = set()
    for each in screens:
        flags = set(each.values.get("red_flags", ()))
        found = (found | flags) - set(each.values.get("excluded", ()))
        ruled_out |= dict.fromkeys(each.values.get("excluded", ()), each)
        ruled_out = {w: e for w, e in ruled_out.items() if w not in flags}
    cited = {
        ruled_out[word].seq: ruled_out[word] for word in words if word in ruled_out
    }
    facts = dossier.facts(cited[seq] for seq in sorted(cited))
    positive = [word for word in words if word in found]
    if positive:
        return Part(asks, State.NOT_MET, f"found: {', '.join(positive)}", facts=facts)
    left = [word for word in words if word not in ruled_out]
    if left:
        return Part(asks, State.MISSING, f"not ruled out: {', '.join(left)}", "", facts)
    return Part(asks, State.MET, "ruled out", facts=facts)


def drugs(dossier: Dossier) -> Part:
    """Return every drug; each must be named with its dose and its days."""
    asks, taken = "Drugs, with dose and dates", dossier.of_kind("medication")
    if not taken:
        return Part(asks, State.MISSING, "none recorded")
    by_name: dict[str, set[str]] = {}
    for each in taken:
        known = by_name.setdefault(each.values["drug"], set())
        known |= {"dose", "start"} if each.values.get("contraindicated") else set()
        known |= set(each.values)
    lacking = [
        f"{'dose' if name == 'dose' else 'start'} of {drug}"
        for drug, known in by_name.items()
        for name in ("dose", "start")
        if name not in known
    ]
    seen, facts = ", ".join(by_name), dossier.facts(taken)
    if lacking:
        return Part(asks, State.MISSING, seen, ", ".join(lacking), facts)
    return Part(asks, State.MET, seen, facts=facts)


def records(dossier: Dossier) -> Iterator[Part]:
    """Yield that every entry is dated and authored, and which were amended."""
    last = dossier.entries[-1]
    late = [
        each.seq
        for each in dossier.case.episode.evidence
        if (each.written - each.day).days > LATE_AFTER_DAYS
    ]
    seen = f"{len(dossier.entries)} entries, each with its day, author and time"
    if late:
        seen += f"; written late: {_numbers(late)}"
    chained = f"; chained to #{last.seq}, {last.hash[:16]}"
    yield Part("Dated and authored", State.MET, seen + chained)
    amended = sorted({e.corrects for e in dossier.entries if e.corrects is not None})
    told = f"{_numbers(amended)}; the first entries are kept" if amended else "none"
    yield Part("Corrections", State.MET, told)
    yield attach("Signatures, and the operator's credentials")


def _numbers(entries: list[int]) -> str:
    return " ".join(f"#{seq}" for seq in entries)
