"""Sentences by rule: from a posture to what a reader may safely conclude, in 25 words or fewer each.

Every function is pure and takes its words from the figures, never from a mood: direction needs a like-for-like base,
"better" needs that no less was seen, and what is missing is said in the same breath.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

from secscan.model.horizon import months_after
from secscan.model.posture import ClaimRow, CouncilRow, ExceptionRow, LegacyRow, Point, Posture, SupportEnd, ZoneMatrix
from secscan.render import measures, words
from secscan.render.compare import Comparison, compare
from secscan.render.figures import NEAR_POINTS, WORKING, Totals, judged_share, totals
from secscan.render.measures import Measure

WITHHELD: Final = frozenset(("missing", "unreadable", "held", "silent", "incomplete"))
"""Kinds of gap that take a part of the picture away; refused rows are counted but spare it."""
ROUTINE: Final = ("Embedded", "Regular", "Ad hoc", "Not started")
"""Words for habits that can be judged (``habits.WORDS``), best first."""
Standing = Literal["above", "near", "below", "not known", "stopped"]
LAPSE_DAYS: Final = 30
PROTECTED: Final[Mapping[str, str]] = {
    "disproven": "Its protection was tested and does not work.",
    "none": "Nobody claims that anything protects it.",
    "claimed": "A protection is claimed, and nobody has tested it.",
    "cannot-tell": "What was read does not decide whether its protection works.",
    "configured": "The rules that were read protect it; no packets have shown it yet.",
    "proven": "Its protection is proven.",
}
AIMED: Final[Mapping[Standing, str]] = {"above": "on or above", "near": "just below", "below": "below"}


def answer(posture: Posture, decisions_due: int) -> list[str]:
    """Where the partnership stands: the risk, the direction, and what is missing. Two to four sentences."""
    figures = totals(posture.councils)
    first = risk(figures.unsupported, figures.unsupported_unprotected, not blind(posture), decisions_due)
    return [first, direction(compare(posture, "patched-on-time", over="last-run")), *missing(posture)]


def risk(unsupported: int, bare: int, whole: bool, decisions_due: int) -> str:
    """How many unsupported systems nothing protects, and the decisions due. ``whole``: all the data came."""
    due = f"{words.many(decisions_due, 'decision')} {'is' if decisions_due == 1 else 'are'} due in the next 90 days"
    link = "but"
    if unsupported == 0:
        first = "No unsupported system was found" + ("" if whole else " where we could look")
    elif bare == 0:
        subject = (
            "The one unsupported system has"
            if unsupported == 1
            else f"All {words.number(unsupported)} unsupported systems have"
        )
        first = f"{subject} a working protection"
    else:
        link = "and"
        verb = "has" if bare == 1 else "have"
        first = f"{words.of(bare, unsupported)} unsupported systems {verb} no working protection"
        if unsupported == 1:
            first = "The one unsupported system has no working protection"
    return f"{first}, {link} {due}." if decisions_due else f"{first}."


def direction(comparison: Comparison) -> str:
    """How patching moved since the run before."""
    since = words.english(comparison.since) if comparison.since else "last time"
    like = "like for like" if comparison.everyone else "in the councils that reported both times"
    match comparison.direction:
        case "first":
            return "This is the first run, so there is nothing to compare it with yet."
        case "better":
            return f"A larger share of devices gets updates on time than on {since}, {like}."
        case "worse":
            return f"A smaller share of devices gets updates on time than on {since}, {like}."
        case "same":
            return f"The share of devices that get updates on time is as it was on {since}, {like}."
        case "narrower":
            return f"Less could be judged than on {since}, so we cannot say that patching got better."
        case "rules":
            return f"The rules changed after {since}, so patching cannot be compared."
        case "unknown" | "apart":
            return "We cannot say whether patching got better or worse: data is missing."


def missing(posture: Posture) -> list[str]:
    """What the reader must not take for granted; empty when everything came."""
    gone = silent_councils(posture)
    if gone:
        says = "has data missing or too old" if len(gone) == 1 else "have data missing or too old"
        return [f"Part of the picture is missing: {words.listing(gone, 3)} {says}."]
    if blind(posture):
        return ["Part of the picture is missing: this run did not see everything."]
    unknown = totals(posture.councils).patched_unknown
    if unknown:
        return [f"Patching is not known for {words.many(unknown, 'device')}."]
    return []


def blind(posture: Posture) -> bool:
    """Whether anything that should have been read was not, wholly or in part."""
    unread = any(gap.get("stale") or gap.get("why") in WITHHELD for gap in posture.gaps)
    return unread or any(c.stale for c in posture.councils) or not posture.complete


def silent_councils(posture: Posture) -> list[str]:
    """The short names of councils with a source that is missing or too old to pass on."""
    behind = {gap.get("council") for gap in posture.gaps if gap.get("stale") or gap.get("why") in WITHHELD}
    short = words.short_names([c.name for c in posture.councils])
    return [name for name, row in zip(short, posture.councils, strict=True) if row.stale or row.id in behind]


def moved(comparison: Comparison) -> str:
    """A note beside a share: ``Up 2.1 points since 30 September 2026, like for like.``"""
    if comparison.direction not in ("better", "worse", "same") or comparison.since is None:
        return direction_note(comparison)
    since = words.english(comparison.since)
    if comparison.direction == "same":
        return f"As on {since}, like for like."
    points = abs(comparison.tenths)
    way = "Up" if comparison.tenths > 0 else "Down"
    return f"{way} {points // 10}.{points % 10} points since {since}, like for like."


def was(comparison: Comparison, councils: int) -> str:
    """A note beside a count: ``Was 15 on 30 September 2026.``; with fewer councils than now it says so."""
    if comparison.direction in ("first", "unknown", "rules") or comparison.since is None:
        return direction_note(comparison)
    since = words.english(comparison.since)
    if len(comparison.councils) < councils:
        reported = words.many(len(comparison.councils), "council")
        return f"{words.number(comparison.now[0])} now and {words.number(comparison.then[0])} on {since} in {reported} that reported both times."
    return f"Was {words.number(comparison.then[0])} on {since}."


def direction_note(comparison: Comparison) -> str:
    notes = {
        "first": "First run: nothing to compare with yet.",
        "unknown": "Cannot be compared: data is missing.",
        "rules": "Cannot be compared: the rules changed.",
        "narrower": "Less could be judged, so not called better.",
        "apart": "Not compared: each run closes other findings.",
    }
    return notes.get(comparison.direction, "")


def standing(point: Point | None, word: str, target_percent: int) -> Standing:
    """Where a council's newest point is drawn, unless ``word``, its result, says that this cannot be relied on."""
    if point is None or point.denominator == 0 or point.mark == "silent":
        return "stopped"
    if word == "Not known":
        return "not known"
    if point.numerator * 100 >= target_percent * point.denominator:
        return "above"
    return "near" if point.numerator * 100 >= (target_percent - NEAR_POINTS) * point.denominator else "below"


def chart_title(standings: Sequence[tuple[str, Standing]]) -> str:
    """What the lines say, from each council's short name and standing: 15 words or so."""
    groups: dict[Standing, list[str]] = {}
    for name, where in standings:
        groups.setdefault(where, []).append(name)
    clauses: list[str] = []
    for where, side in AIMED.items():
        if names := groups.get(where):
            # The line is named once; after that it is "it".
            clauses.append(f"{_subject(names)} {side} {'it' if clauses else 'the target line'}")
    if names := groups.get("not known"):
        clauses.append(f"{_subject(names)} not known")
    if names := groups.get("stopped"):
        clauses.append(f"{words.listing(names, 3)} {'has' if len(names) == 1 else 'have'} no recent data")
    return "; ".join(clauses) or "No council has data yet"


def _subject(names: Sequence[str]) -> str:
    return f"{words.listing(names, 3)} {'is' if len(names) == 1 else 'are'}"


def council_answer(row: CouncilRow, posture: Posture, decisions_due: int) -> list[str]:
    """The same for one council."""
    gap = row.stale or any(g.get("council") == row.id and g.get("why") in WITHHELD for g in posture.gaps)
    first = risk(row.unsupported, row.unsupported_unprotected, not gap and row.complete, decisions_due)
    second = direction(compare(posture, "patched-on-time", over="last-run", council=row.id))
    third = ["Part of the picture is missing: some of its data did not come or is too old."] if gap else []
    return [first, second, *third]


def legacy_answer(rows: Sequence[LegacyRow], whole: bool) -> list[str]:
    """Over some rows of the register: how many, on what, how many nothing protects. ``whole``: all the data came."""
    if not rows:
        return [risk(0, 0, whole, 0)]
    devices = len({(r.council, r.asset) for r in rows})
    bare = sum(r.protection not in WORKING for r in rows)
    open_rows = sum(r.routes_open > 0 for r in rows)
    first = f"{words.many(len(rows), 'unsupported system')} run on {words.many(devices, 'device')}."
    second = f"{words.number(bare)} {'has' if bare == 1 else 'have'} no working protection."
    third = f"{words.number(open_rows)} can be reached from a network that policy does not trust."
    return [first.replace("system run", "system runs") if len(rows) == 1 else first, second, third]


def none_protects(found: int, total: int, whole: bool) -> str:
    """Over the systems that no claim covers. ``total``: the register."""
    if not found:
        return f"No unsupported system is without a claimed protection{'' if whole else ' where we could look'}."
    return f"{words.of(found, total)} unsupported systems {'has' if found == 1 else 'have'} no protection that anybody claims."


def disproven(found: int, total: int) -> str:
    """Over the systems whose protection failed its test."""
    if not found:
        return "No protection of an unsupported system was tested and found not to work."
    return f"The protection of {words.of(found, total)} unsupported systems was tested and found not to work."


def ending_answer(ends: Sequence[SupportEnd], whole: bool) -> list[str]:
    """Support that ends within twelve months, and what such a list cannot hold."""
    rest = "A product whose last day nobody knows is not in this list."
    if not ends:
        return [f"No end of support within 12 months is known{'' if whole else ' where we could look'}.", rest]
    first = min(ends, key=lambda e: e.on)
    soonest = f"The first is {words.plain(first.label, 80)}, on {words.english(first.on)}."
    return [f"Support ends within 12 months for {words.many(len(ends), 'release line')}.", soonest, rest]


def system_answer(rows: Sequence[LegacyRow], today: date) -> list[str]:
    """One device of the register: what nobody mends, what protects it, what can reach it. ``rows``: at least one."""
    worst = min(rows, key=lambda r: _weakness(r.protection)).protection
    opened, unknown = max(r.routes_open for r in rows), max(r.routes_unknown for r in rows)
    said = [
        _ended(rows, today),
        PROTECTED.get(worst, f"Its protection is called {words.plain(worst, 40)}, which no page knows."),
        ways(opened, unknown, any(r.routes for r in rows)),
    ]
    until = [r.exception_until for r in rows if r.status == "accepted" and r.exception_until]
    if len(until) == len(rows):
        said.append(f"The risk is accepted until {words.english(min(until))}.")
    return said


def _ended(rows: Sequence[LegacyRow], today: date) -> str:
    first = f"Nobody mends {words.many(len(rows), 'product')} on this device any more"
    days = [r.eol_on for r in rows if r.eol_on]
    if not days:
        return f"{first}; no last day is stated."
    which = "support" if len(rows) == 1 else "the first support"
    return f"{first}: {which} ended on {words.english(min(days))}, {words.many((today - min(days)).days, 'day')} ago."


def ways(opened: int, unknown: int, read: bool) -> str:
    """What can reach a system, or be reached from it. ``read``: some rule or packet speaks about it."""
    if not read and not opened and not unknown:
        return "No firewall file that was read says who can reach it."
    unclear = f"; {words.number(unknown)} cannot be told" if unknown else ""
    if opened:
        return f"{words.many(opened, 'way')} in or out {'is' if opened == 1 else 'are'} open to networks that policy does not trust{unclear}."
    return f"No open way in or out was found{unclear}."


def _weakness(protection: str) -> int:
    order = words.WEAKEST_FIRST
    return order.index(protection) if protection in order else -1


def mitigations_answer(claims: Sequence[ClaimRow], today: date) -> list[str]:
    """How many claimed protections hold, how many failed, and how many proofs are about to lapse."""
    if not claims:
        return ["No protection is claimed."]
    proven, failed = (sum(c.state == s for c in claims) for s in ("proven", "disproven"))
    said = [f"{words.of(proven, len(claims))} claimed protections {'is' if proven == 1 else 'are'} proven."]
    said.append(
        f"{words.number(failed)} {'was' if failed == 1 else 'were'} tested and found not to work."
        if failed
        else "None was found not to work."
    )
    if soon := len(lapsing(claims, today)):
        said.append(f"The proof of {words.number(soon)} lapses within {LAPSE_DAYS} days.")
    return said


def claim_answer(c: ClaimRow, today: date) -> list[str]:
    """One claim in two sentences: its state and since when, and what that means."""
    since = f" since {words.english(c.since)}" if c.since else ""
    said = {"cannot-tell": "Whether it works cannot be told"}.get(c.state, f"It is {c.state}")
    found = [f"{said}{since}.", PROTECTED[c.state]]
    if c.lapses_on is not None:
        days = (c.lapses_on - today).days
        found.append(
            f"The proof lapses on {words.english(c.lapses_on)}, in {words.many(days, 'day')}." if days >= 0 else ""
        )
    return [sentence for sentence in found if sentence]


def matrix_answer(m: ZoneMatrix | None) -> list[str]:
    """What the matrix of zones says at a glance."""
    if m is None:
        return ["This run kept no matrix of its zones; later runs do."]
    pairs = len(m.zones) * (len(m.zones) - 1)
    if not pairs:
        return ["There are not two zones, so nothing passes from one to another."]
    against = len({(r.from_zone, r.to_zone) for r in m.pairs if r.controls or r.claims})
    untold = len({(r.from_zone, r.to_zone) for r in m.pairs if r.verdict == "cannot-tell"})
    if against:
        verb = "lets" if against == 1 else "let"
        first = f"{words.of(against, pairs)} pairs of zones {verb} through what policy or a claim says is shut."
    elif m.controls:
        first = (
            f"Between {words.many(pairs, 'pair')} of zones nothing gets through that policy or a claim says is shut."
        )
    else:
        first = "No claim is contradicted. No control names ports and zones of users, so policy could not be held against the rules."
    return [first, *([f"For {words.many(untold, 'pair')} something cannot be told."] if untold else [])]


def zone_answer(m: ZoneMatrix, zone: str) -> list[str]:
    """How many zones may reach one, and what of it is against policy."""
    rows = [r for r in m.pairs if r.to_zone == zone]
    others = len(m.zones) - 1
    opened = len({r.from_zone for r in rows if r.verdict in ("permitted", "partly")})
    against = len({r.from_zone for r in rows if r.controls or r.claims})
    untold = len({r.from_zone for r in rows if r.verdict == "cannot-tell"})
    found = [f"{words.of(opened, others)} other zones may reach some of it on some port."]
    if against:
        found.append(f"From {words.many(against, 'zone')} something gets through against policy.")
    if untold:
        found.append(f"From {words.many(untold, 'zone')} something cannot be told.")
    return found


def lapsing(claims: Sequence[ClaimRow], today: date) -> list[ClaimRow]:
    """Proven claims whose proof lapses within 30 days, the first to lapse first."""
    soon = [c for c in claims if c.state == "proven" and c.lapses_on and (c.lapses_on - today).days <= LAPSE_DAYS]
    return sorted(soon, key=lambda c: (str(c.lapses_on), c.council, c.id))


def exceptions_answer(rows: Sequence[ExceptionRow]) -> list[str]:
    """How many accepted risks are past their last day, and how many findings count again for it."""
    if not rows:
        return ["No risk is on record as accepted."]
    late = [e for e in rows if e.state == "overdue"]
    verb = "is" if len(late) == 1 else "are"
    said = [f"{words.of(len(late), len(rows))} exceptions {verb} past {'its' if len(late) == 1 else 'their'} last day."]
    if again := sum(len(e.findings) for e in late):
        said.append(f"{words.many(again, 'finding')} {'counts' if again == 1 else 'count'} again for that reason.")
    unused = sum(e.state == "unused" for e in rows)
    if unused:
        said.append(f"{words.many(unused, 'exception')} {'matches' if unused == 1 else 'match'} nothing any more.")
    return said


def evidence_answer(posture: Posture) -> list[str]:
    """What the run rests on: files, results that are known, and what policy leaves out."""
    flawed = sum(i.state != "whole" for i in posture.inputs)
    known, every = judged_share(posture.controls, [c.id for c in posture.councils])
    files = f"{words.of(len(posture.inputs) - flawed, len(posture.inputs))} files that the run needs came whole."
    judged = f"Controls judged {words.many(every, 'row')}; the result is known for {words.share(known, every)}."
    return [files if posture.inputs else "No file was read.", judged if every else "No control judged anything."]


def patching_excluded(figures: Totals) -> list[str]:
    """How many devices no patching control speaks about; empty when each is spoken about."""
    left = figures.patched_excluded
    if not left:
        return []
    return [f"Policy leaves {words.of(left, figures.patched_devices)} devices out of patching; the reasons are below."]


def patching_share(figures: Totals) -> str:
    """One sentence: the share on time, or that most cannot be judged."""
    judged, unknown = figures.patched_judged, figures.patched_unknown
    if judged <= unknown:
        return f"Most devices could not be judged: patching is known for {words.of(judged, judged + unknown)}."
    return f"{words.share(figures.patched_in_time, judged)} of the devices that we can judge have every security update on time."


def gap_lines(posture: Posture) -> list[dict[str, Any]]:
    """Each council with a part missing: what, how old, and how many devices it leaves not known."""
    lines = []
    for row in posture.councils:
        gaps = [g for g in posture.gaps if g.get("council") == row.id and (g.get("stale") or g.get("why") in WITHHELD)]
        if gaps or row.stale:
            lines.append({"council": row, "gaps": gaps, "unknown": row.patched_unknown})
    return lines


def trend(measure: Measure, c: Comparison, names: Mapping[str, str]) -> list[str]:
    """What a measure did: direction and size, since when, and over which councils. ``names``: of the councils on record."""
    if c.since is None:
        return [direction_note(c)]
    since = words.english(c.since)
    now, then = (measures.counted(measure, *pair) for pair in (c.now, c.then))
    match c.direction:
        case "rules":
            return [f"The rules changed after {since}, and no run before this one has today's rules."]
        case "unknown":
            return ["Cannot be compared: data is missing."]
        case "narrower":
            first = f"Less could be judged than on {since}, so neither better nor worse is claimed."
        case "same":
            first = f"As on {since}: {then} then, {now} now."
        case _:
            by = "" if measure.scale.counted else f"{_points(c)} points "
            way = "up" if _rose(measure, c) else "down"
            first = f"{c.direction.capitalize()}: {by}{way} since {since}, from {then} to {now}."
    return [first, *_base(c, names)]


def _rose(measure: Measure, c: Comparison) -> bool:
    return c.now[0] > c.then[0] if measure.scale.counted else c.tenths > 0


def _points(c: Comparison) -> str:
    return f"{abs(c.tenths) // 10}.{abs(c.tenths) % 10}"


def _base(c: Comparison, names: Mapping[str, str]) -> list[str]:
    """Which councils were compared, and which were left out."""
    left = [name for council, name in names.items() if council not in c.councils]
    if not left:
        return [f"Like for like in {'the one council' if len(names) == 1 else f'all {len(names)} councils'} on record."]
    return [f"Like for like in {len(c.councils)} of {len(names)} councils; left out: {words.listing(left, 3)}."]


def days_to_fix(points: Sequence[Point]) -> list[str]:
    """What the newest run says of days to fix. It claims no direction: what closes differs from run to run."""
    closed = [p for p in points if p.denominator]
    if not closed:
        return ["No finding was found gone in the newest run."]
    days = sorted({p.numerator for p in closed})
    span = words.many(days[0], "day") if len(days) == 1 else f"{days[0]:,} to {days[-1]:,} days, by council"
    total = words.many(sum(p.denominator for p in closed), "finding")
    return [
        f"In the newest run: {span}, over {total} that went.",
        "No direction is claimed, because what goes differs from run to run, and what still stands is not in it.",
    ]


def routine(counts: Mapping[str, int]) -> list[str]:
    """How many habits are how far. ``counts``: word -> pairs of a habit and a council."""
    judged = sum(n for word, n in counts.items() if word != "Not applicable")
    if not judged:
        return ["Nothing can be said yet about habits: there is nothing to judge."]
    done = [(counts[word], word.lower()) for word in ROUTINE if counts.get(word)]
    of = f"Of {words.many(judged, 'habit')}, "
    unknown = counts.get("Not known", 0)
    if not done:
        return [f"{of}none can be judged, and not known is never routine."]
    said = [f"{n:,} {'' if i else 'is ' if n == 1 else 'are '}{word}" for i, (n, word) in enumerate(done)]
    first = f"{of}{words.listing(said)}."
    are = "is" if unknown == 1 else "are"
    return [first, *([f"{words.number(unknown)} {are} not known, and not known is never routine."] if unknown else [])]


def support_answer(posture: Posture) -> list[str]:
    """What of the support that councils hold ends soon, and for how much nobody knows the end."""
    known = posture.support_known
    installs = sum(k.installs for k in known)
    if not installs:
        return ["Nothing can be said about ends of support: no installed program is on record."]
    unknown = sum(k.undated + k.unrecognised for k in known)
    gone = silent_councils(posture)
    has = "has" if len(gone) == 1 else "have"
    more = [f"More may end than is listed: {words.listing(gone, 3)} {has} data missing or too old."] if gone else []
    return [
        _ending(posture, 6),
        f"Nobody here knows when support ends for {words.of(unknown, installs)} installed programs."
        if unknown
        else f"The end of support is known for all {words.number(installs)} installed programs.",
        *more,
    ]


def _ending(posture: Posture, months: int) -> str:
    last = months_after(posture.as_of, months)
    soon = [e for e in posture.support_ends if e.what != "extension" and posture.as_of <= e.on <= last]
    if not soon:
        return f"No support that a council holds is known to end within {months} months."
    lines = len({(e.product, e.label) for e in soon})
    devices = sum(e.assets for e in soon)
    return f"Within {months} months support ends for {words.many(lines, 'release line')}, on {words.many(devices, 'device')}."


def scanners_answer(posture: Posture) -> list[str]:
    """What other scanners' results are, how far they agree, and how many are too old or never came."""
    expected = {s.source for s in posture.scanners}
    given = {s.source for s in posture.scanners if s.files}
    lost = len(expected - given)
    if not expected:
        return ["No results of other scanners were given."]
    if not given:
        return [f"No file of other scanners’ results came, though {words.many(lost, 'source')} should bring some."]
    whose = (
        "One other scanner gave results, in its"
        if len(given) == 1
        else f"{len(given)} other scanners gave results, in their"
    )
    said = [f"{whose} own words: this report repeats them and has not checked them."]
    pairs = sum(a.pairs for a in posture.scanner_agreement)
    if len(given) > 1 and pairs:
        agreed = pairs - sum(a.pairs for a in posture.scanner_agreement if len(a.sources) == 1)
        said.append(f"More than one scanner reports {words.of(agreed, pairs)} pairs of a device and a CVE.")
    if old := len({s.source for s in posture.scanners if s.stale} & given):
        said.append(
            "Its results are too old to rely on."
            if len(given) == 1
            else f"The results of {words.of(old, len(given))} are too old to rely on."
        )
    if lost:
        said.append(f"No file of {words.many(lost, 'more scanner')} came.")
    return said


def unseen_answer(posture: Posture, short: int, sources: int) -> list[str]:
    """How many sources gave less than they should, and how many results that leaves not known."""
    known, every = judged_share(posture.controls, [c.id for c in posture.councils])
    if not sources:
        first = "No source is expected, so nothing could be seen."
    elif short:
        verb = "gave less than it should" if short == 1 else "gave less than they should"
        first = f"{words.of(short, sources)} sources {verb}."
    else:
        first = (
            f"All {words.many(sources, 'source')} gave what they should."
            if sources > 1
            else "The one source gave what it should."
        )
    second = (
        f"{words.of(every - known, every)} results are not known, and none of them counts as a pass."
        if every
        else "No result is known."
    )
    gone = silent_councils(posture)
    has = "has" if len(gone) == 1 else "have"
    return [first, *([f"{words.listing(gone, 3)} {has} data missing or too old."] if gone else []), second]
