"""Judges of the diagnostic block, and of the consent and cover that an RFA needs."""

from __future__ import annotations

from sitrack.journey.assessment.case import Case
from sitrack.journey.evidence import Evidence
from sitrack.journey.findings import Finding, met, not_met, unknown
from sitrack.journey.response import (
    BlockResponse,
    Verdict,
    diaries_about,
    judged_block,
    steroid_doubt,
)
from sitrack.pathway.policy import Payer
from sitrack.pathway.requirements import Requirement


def positive_blocks(case: Case, rule: Requirement) -> list[Finding]:
    """Enough blocks are positive; one answer, about the latest block (2.5)."""
    required = rule.number("required")
    needs = f"{required} positive, at most {rule.number('max_age_days')} d old"
    blocks = case.episode.of_kind("block")
    if not blocks:
        seen = "no block recorded"
        return [unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item="block")]
    last = blocks[-1]
    response = _response(case, rule, last)
    refused = _not_positive(case, rule, last, response, needs)
    if refused:
        return refused
    age = case.days_since(last.day)
    if age > rule.number("max_age_days"):
        return [
            unknown(
                rule,
                "EVIDENCE_STALE",
                f"block #{last.seq} is {age} d old",
                [last.seq],
                needs=needs,
                item="block",
            )
        ]
    return _enough(case, rule, blocks, required, needs)


def _not_positive(
    case: Case,
    rule: Requirement,
    block: Evidence,
    response: BlockResponse,
    needs: str,
) -> list[Finding]:
    name = f"block #{block.seq} of {block.day}"
    entries = [block.seq, *response.entries]
    if response.verdict is Verdict.POSITIVE:
        return []
    if response.verdict is Verdict.NEGATIVE:
        seen = f"{name} is below {rule.number('response_pct')} %"
        return [not_met(rule, "RELIEF_BELOW_THRESHOLD", seen, entries, needs=needs)]
    if response.verdict is Verdict.RECALL:
        days = rule.number("recall_after_days")
        seen = f"{name}: its diary was written more than {days} d later"
        return [not_met(rule, "ATTESTATION_REQUIRED", seen, entries, needs=needs)]
    if response.verdict is Verdict.INVALID:
        doubt = steroid_doubt(case.episode, block, rule.number("after_steroid_days"))
        return [
            not_met(
                rule, "BLOCKS_INSUFFICIENT", f"{doubt}: not valid", entries, needs=needs
            )
        ]
    lacking = _lacking(case, rule, block, response)
    seen = f"{name} is indeterminate: {lacking}"
    return [
        unknown(rule, "BLOCK_INDETERMINATE", seen, entries, needs=needs),
        unknown(rule, "EVIDENCE_MISSING", lacking, entries, needs=needs, item="diary"),
    ]


def _lacking(
    case: Case, rule: Requirement, block: Evidence, response: BlockResponse
) -> str:
    """Why nothing can be said of a block."""
    if response.readings:
        return "one reading only" if len(response.readings) == 1 else "no early reading"
    kept = diaries_about(case.episode, block)
    most = rule.number("recall_after_days")
    if kept and all((each.written - block.day).days > most for each in kept):
        return f"its diary was written more than {most} d later"
    return "no reading while it acts" if kept else "no diary"


def _enough(
    case: Case, rule: Requirement, blocks: list[Evidence], required: int, needs: str
) -> list[Finding]:
    """Count fresh positive blocks of the same nerves back from the latest."""
    apart, most = rule.number("apart_days"), rule.number("max_age_days")
    counted: list[Evidence] = []
    entries: list[int] = []
    too_close: Evidence | None = None
    for each in reversed(_of_same_nerves(blocks)):
        response = _response(case, rule, each)
        if response.verdict is not Verdict.POSITIVE or case.days_since(each.day) > most:
            continue
        if counted and (counted[-1].day - each.day).days < apart:
            too_close = each
            continue
        counted.append(each)
        entries += [each.seq, *response.entries]
    seen = f"{len(counted)} positive: #{', #'.join(str(b.seq) for b in counted)}"
    if len(counted) >= required:
        warning = _steroid_doubt(case, rule, counted)
        return [met(rule, seen, entries, needs=needs, warning=warning)]
    if too_close is not None:
        gap = (counted[-1].day - too_close.day).days
        seen = f"{gap} d between positive blocks"
        return [not_met(rule, "SPACING_NOT_MET", seen, entries, needs=f"{apart} d")]
    more = required - len(counted)
    needs = f"{more} more of {rule.number('response_pct')} % or more"
    return [not_met(rule, "BLOCKS_INSUFFICIENT", seen, entries, needs=needs)]


def _of_same_nerves(blocks: list[Evidence]) -> list[Evidence]:
    wanted = blocks[-1].values["nerves"]
    return [each for each in blocks if each.values["nerves"] == wanted]


def _steroid_doubt(case: Case, rule: Requirement, blocks: list[Evidence]) -> str | None:
    """What blurs the verdict of a block that is counted."""
    days = rule.number("after_steroid_days")
    doubts = (steroid_doubt(case.episode, block, days) for block in blocks)
    return next(filter(None, doubts), None)


def _response(case: Case, rule: Requirement, block: Evidence) -> BlockResponse:
    return judged_block(case.episode, case.protocol, block, rule)


def same_nerves(case: Case, rule: Requirement) -> list[Finding]:
    """The latest block names the nerves an RFA would target; others do not count."""
    blocks = case.episode.of_kind("block")
    if not blocks:
        seen = "no block recorded"
        return [unknown(rule, "EVIDENCE_MISSING", seen, item="block")]
    last = blocks[-1]
    seen = f"{_listed(last)}, {case.episode.key.side.value}"
    same = _of_same_nerves(blocks)
    others = [each for each in blocks if each not in same]
    warning = None
    if others:
        warning = f"block #{others[-1].seq} was of {_listed(others[-1])}: not counted"
    return [met(rule, seen, [last.seq], warning=warning)]


def _listed(block: Evidence) -> str:
    return " ".join(block.values["nerves"]).upper()


def past_positive(case: Case, rule: Requirement) -> list[Finding]:
    """A repeat needs no new block while the last positive one is recent enough."""
    most = rule.number("max_age_days")
    needs = f"a positive block, at most {most} d old"
    for each in reversed(case.episode.of_kind("block")):
        if _response(case, rule, each).verdict is not Verdict.POSITIVE:
            continue
        age = case.days_since(each.day)
        seen = f"block #{each.seq}, {age} d old"
        if age <= most:
            return [met(rule, seen, [each.seq], needs=needs)]
        return [
            unknown(rule, "EVIDENCE_STALE", seen, [each.seq], needs=needs, item="block")
        ]
    seen = "no positive block"
    return [not_met(rule, "BLOCKS_INSUFFICIENT", seen, needs=needs)]


def consent(case: Case, rule: Requirement) -> list[Finding]:
    """A consent to this procedure is on record, and not too old."""
    procedure, most = rule.word("procedure"), rule.number("max_age_days")
    given = [
        each
        for each in case.episode.of_kind("consent")
        if each.values["procedure"] == procedure
    ]
    needs = f"consent to {_spoken(procedure)}, at most {most} d old"
    if not given:
        return [not_met(rule, "CONSENT_MISSING", "none recorded", needs=needs)]
    last = given[-1]
    age = case.days_since(last.day)
    seen = f"#{last.seq} of {last.day}"
    if age > most:
        return [
            not_met(
                rule, "CONSENT_MISSING", f"{seen}, {age} d old", [last.seq], needs=needs
            )
        ]
    return [met(rule, seen, [last.seq], needs=needs)]


def _spoken(procedure: str) -> str:
    return "RFA" if procedure == "rfa" else procedure


def coverage(case: Case, rule: Requirement) -> list[Finding]:
    """Cover is no clinical matter, but without it a signed notice is needed (2.11.7)."""
    payer = case.payer
    said = payer.covers_rfa if payer else None
    if rule.flag("covered") if said is None else said:
        return [met(rule, f"covered {_by_whom(payer)}")]
    by = f" by {payer.name}" if payer and said is not None else ""
    signed = [
        each
        for each in case.episode.of_kind("notice")
        if each.values["procedure"] == "rfa"
    ]
    if signed:
        last = signed[-1]
        seen = f"not covered{by}, notice #{last.seq} of {last.day}"
        return [met(rule, seen, [last.seq], warning="the patient pays")]
    seen = f"not covered{by}, no signed notice"
    return [not_met(rule, "FINANCIAL_NOTICE_MISSING", seen)]


def _by_whom(payer: Payer | None) -> str:
    if payer is None:
        return "(default; no payer set)"
    if payer.covers_rfa is None:
        return f"(default; nothing is known of {payer.name})"
    return f"by {payer.name}"


def negative(case: Case, rule: Requirement) -> list[Finding]:
    """A valid block of this stay is below the threshold, or a coded reason is given."""
    if case.reason in rule.words("reasons"):
        return [met(rule, str(case.reason))]
    blocks = [
        each
        for each in case.episode.of_kind("block")
        if case.episode.belongs(each, case.episode.visit)
    ]
    needs = f"relief below {rule.number('response_pct')} %, or a reason"
    if not blocks:
        seen = "no block recorded"
        return [unknown(rule, "EVIDENCE_MISSING", seen, needs=needs, item="block")]
    last = blocks[-1]
    response = _response(case, rule, last)
    entries = [last.seq, *response.entries]
    name = f"block #{last.seq} of {last.day}"
    if response.verdict is Verdict.NEGATIVE:
        return [met(rule, f"{name} is below it", entries, needs=needs)]
    if response.verdict is Verdict.POSITIVE:
        seen = f"{name} is positive"
        return [not_met(rule, "RELIEF_ABOVE_THRESHOLD", seen, entries, needs=needs)]
    return _not_positive(case, rule, last, response, needs)
