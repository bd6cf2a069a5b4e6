"""Patching: how each council's devices stand, which fixes are missing, who has waited longest, what nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from secscan.model.posture import FindingRow, FixRow
from secscan.render import bits, charts, figures, headlines, words
from secscan.render.bits import Cell, Table
from secscan.render.charts import Bar
from secscan.render.compare import compare
from secscan.render.html import Page
from secscan.render.view import View

LATE_CHECK, RESTART_CHECK = "patching.fix-overdue", "restart-pending"
NEVER = "no patch source"
"""What a finding is about where no source of updates names the device."""
OLDEST = 20


def build(view: View) -> Page:
    p = view.posture
    t = figures.totals(p.councils)
    context = {
        "answer": [
            headlines.patching_share(t),
            headlines.direction(compare(p, "patched-on-time", over="last-run")),
            *headlines.patching_excluded(t),
            *headlines.missing(p),
        ],
        "bars": bars(view),
        "table": _table(view),
        "excluded": excluded(view, "patching"),
        "fixes": fixes(view),
        "oldest": oldest(view),
        "restarts": restarts(view),
        "scanners": headlines.scanners_answer(p),
        "untold": untold(view),
        "unsupported": words.many(t.unsupported, "unsupported system"),
        "unsupported_count": t.unsupported,
        "rely": view.rely(),
    }
    return Page(
        file="patching.html", template="patching.html", title="Patching", part_of="patching.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def bars(view: View) -> dict[str, object] | None:
    drawn = [
        Bar(name=view.name(c.id), in_time=c.patched_in_time, late=c.patched_late, unknown=c.patched_unknown,
            excluded=c.patched_excluded)
        for c in view.posture.councils if figures.totals([c]).patched_devices
    ]  # fmt: skip
    if not drawn:
        return None
    said = " ".join(
        f"{b.name}: {b.in_time:,} on time, {b.late:,} late, {b.unknown:,} not known, {b.excluded:,} excluded."
        for b in drawn
    )
    return {
        "svg": charts.bar_chart(
            "patched", drawn, title="Bar chart: all devices of each council, on time, late, not known and excluded",
            description=f"{said} The same numbers are in the table below the chart.",
        ),
    }  # fmt: skip


def _table(view: View) -> Table:
    p = view.posture

    def counted(t: figures.Totals) -> list[Cell | int | str | bits.Bit]:
        judged = t.patched_judged
        share = words.share(t.patched_in_time, judged) if judged > t.patched_unknown else "not known"
        word = figures.patching(t, p.target_percent).word
        return [
            t.patched_in_time, t.patched_late, t.patched_unknown, t.patched_excluded, t.patched_devices, share, bits.tag(word),
        ]  # fmt: skip

    rows = [bits.row(view.council(c.id), *counted(figures.totals([c]))) for c in p.councils]
    heads = bits.columns("Council|#On time|#Late|#Not known|#Excluded|#Devices|On time, of those judged|Result")
    return Table(
        id="by-council", caption="Devices by state of their updates", columns=heads, rows=rows,
        foot=bits.row("All", *counted(figures.totals(p.councils))),
    )  # fmt: skip


def excluded(view: View, theme: str | None = None) -> Table:
    """Devices that a control does not speak about: which part of its scope leaves them out, and who says why."""
    rows = [e for e in view.posture.excluded if theme in (None, e.theme)]
    shown = [
        bits.row(
            bits.cell(bits.text(e.control), bits.code(str(e.place)) if e.place.file else None),
            view.council(e.council),
            e.what,
            words.of(e.assets, max(view.councils[e.council].assets, e.assets)) if e.council in view.councils else e.assets,
            bits.prose(e.reason or "No reason given"),
        )
        for e in rows[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Control|Council|Left out|Devices|Reason")
    return Table(
        id="excluded", caption="Devices that policy leaves out, and why", columns=heads, rows=shown, total=len(rows),
        file="excluded.csv", empty="No control leaves a device out.",
    )  # fmt: skip


def fixes(view: View) -> Table:
    order = {"critical": 0, "important": 1, "high": 1, "medium": 2, "moderate": 2, "low": 3}
    rows = sorted(
        view.posture.fixes,
        key=lambda f: (
            not f.overdue,
            not f.exploited,
            order.get(f.severity or "", 1),
            -sum(f.missing.values()),
            f.product,
            f.advisory or "",
        ),
    )
    shown = []
    for f in rows[: view.cap]:
        on = sum(f.missing.values())
        where = words.listing([f"{view.name(c)} {n:,}" for c, n in sorted(f.missing.items()) if n], 5)
        used = bits.strong("Known to be exploited") if f.exploited else None
        shown.append(
            bits.row(
                bits.cell(bits.text(f.product), bits.note(f.advisory) if f.advisory else None, used),
                bits.cell(bits.text((f.severity or "not stated").capitalize()), sort=order.get(f.severity or "", 1)),
                bits.day(f.released_on, "Not known"), f.days_since, on, where, _window(f),
            )
        )  # fmt: skip
    heads = bits.columns("Update|Severity|Released|#Days since|#Devices without it|Where|Window")
    return Table(
        id="fixes", caption="Security updates that are missing", columns=heads, rows=shown, total=len(rows), file="fixes.csv",
        empty="No missing update was found.",
    )  # fmt: skip


def _window(f: FixRow) -> str:
    if f.overdue:
        return "Late"
    return "Not known" if f.released_on is None else "In time"


def oldest(view: View) -> Table:
    """The devices whose oldest update has been out longest past its window."""
    late: dict[tuple[str, str], list[tuple[date, FindingRow]]] = {}
    for f in _of(view, LATE_CHECK, "fail"):
        if f.asset is not None and (released := _day(f.evidence.get("released_on"))):
            late.setdefault((f.council, f.asset), []).append((released, f))
    rows = sorted(late.values(), key=lambda own: (min(day for day, _ in own), -len(own), own[0][1].fingerprint))
    shown = []
    for own in rows[:OLDEST]:
        released, f = min(own, key=lambda pair: (pair[0], pair[1].fingerprint))
        shown.append(
            bits.row(
                bits.cell(bits.text(f.hostname or f.asset or ""), bits.note(f.asset)),
                view.council(f.council),
                bits.cell(view.finding(f.fingerprint, words.dated(f.title)), bits.command(f"secscan explain {f.fingerprint}")),
                bits.day(released), (view.posture.as_of - released).days, len(own), f.owner or "No owner recorded",
            )
        )  # fmt: skip
    heads = bits.columns("Device|Council|Oldest update that is late|Released|#Days since|#Updates late|Owner")
    return Table(
        id="oldest", caption="Devices that have waited longest", columns=heads, rows=shown, total=len(rows),
        file="findings.csv", empty="No device has an update past its window.",
    )  # fmt: skip


def restarts(view: View) -> Table | None:
    """Devices on which an update waits for a restart; None where no control asks about that."""
    if not any(c.check.endswith(RESTART_CHECK) and c.disabled is None for c in view.posture.controls):
        return None
    rows = [f for f in view.posture.findings if f.check.endswith(RESTART_CHECK)]
    waiting = sorted((f for f in rows if f.outcome == "fail"), key=lambda f: (f.first_seen, f.council, f.asset or ""))
    untold = sum(f.count for f in rows if f.outcome == "unknown")
    shown = [
        bits.row(
            bits.cell(bits.text(f.hostname or f.asset or ""), bits.note(f.asset or "")),
            view.council(f.council),
            bits.cell(view.finding(f.fingerprint, words.dated(f.title)), bits.command(f"secscan explain {f.fingerprint}")),
            bits.day(f.first_seen), f.owner or "No owner recorded",
        )
        for f in waiting[: view.cap]
    ]  # fmt: skip
    rest = f" For {words.many(untold, 'row')} nobody can tell." if untold else ""
    heads = bits.columns("Device|Council|Finding|First seen|Owner")
    return Table(
        id="restarts", caption="Devices that wait for a restart", columns=heads, rows=shown, total=len(waiting),
        file="findings.csv", empty=f"No device is known to wait for a restart.{rest}",
    )  # fmt: skip


def untold(view: View) -> Table:
    """Why patching is not known: devices that no source ever named, sources that fell silent, facts that are missing."""
    rows = sorted(
        _of(view, LATE_CHECK, "unknown"),
        key=lambda f: (f.subject != NEVER, not f.stale, -f.count, f.council, f.subject),
    )
    shown = [
        bits.row(
            view.council(f.council),
            "No source of updates names them" if f.subject == NEVER else words.dated(f.title),
            f.count,
            words.listing(_named(f), 5) or None,
            bits.command(f"secscan explain {f.fingerprint}"),
        )
        for f in rows[: view.cap]
    ]
    heads = bits.columns("Council|Why it is not known|#Rows|Some of the devices|Check it")
    return Table(
        id="untold", caption="Why patching is not known", columns=heads, rows=shown, total=len(rows),
        file="findings.csv", empty="Every device that policy speaks about could be judged.",
    )  # fmt: skip


def _named(f: FindingRow) -> Sequence[str]:
    told = f.evidence.get("assets")
    if isinstance(told, list | tuple):
        return [str(name) for name in told]
    return [name for name in (f.hostname or f.asset,) if name]


def _of(view: View, check: str, outcome: str) -> Iterable[FindingRow]:
    return (f for f in view.posture.findings if f.check == check and f.outcome == outcome)


def _day(value: object) -> date | None:
    """A day of the evidence, which a result read back from its file holds as text."""
    match value:
        case date():
            return value
        case str():
            try:
                return date.fromisoformat(value)
            except ValueError:
                return None
        case _:
            return None
