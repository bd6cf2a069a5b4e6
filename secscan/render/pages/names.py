"""Names of software that nothing recognises, the most frequent first: what each may be, and how a council says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from secscan.doors.terminal import typed
from secscan.model.posture import NamesKnown, Posture
from secscan.render import bits, words
from secscan.render.bits import Cell, Table
from secscan.render.html import Page
from secscan.render.view import View

FEW: Final = 20
"""Names on a page that is about something else; this page has the others."""
KINDS: Final[Mapping[str, str]] = {
    "os_caption": "operating system", "arp": "Windows’ list of programs", "network": "network device",
    "service_banner": "service on the network", "dpkg": "Debian package", "rpm": "RPM package", "sbom": "bill of materials",
}  # fmt: skip


def build(view: View) -> Page:
    p = view.posture
    context = {
        "answer": answer(p),
        "known": known_table(view),
        "components": components(p),
        "names": names_table(view),
        "rely": view.rely(),
    }
    return Page(
        file="names.html", template="names.html", title="Names that nothing recognises", part_of="not-seen.html",
        crumbs=(("Overview", "index.html"), ("Not seen", "not-seen.html")), context=context,
    )  # fmt: skip


def answer(p: Posture) -> list[str]:
    whole = _whole(p)
    if whole is None or not whole.installs:
        return ["Nothing can be said about names: no installed program is on record."]
    return [
        f"Of the installed programs, {words.share(whole.recognised, whole.installs)} have a name that is recognised.",
        f"Of the distinct names, that is {words.share(whole.names_recognised, whole.names)}.",
    ]


def components(p: Posture) -> list[str]:
    """What is said of bills of materials; nothing where there are none."""
    whole = _whole(p)
    if whole is None or not whole.components:
        return []
    left = whole.components - whole.components_recognised
    return [
        f"Bills of materials list {words.many(whole.components, 'component')}.",
        f"Of these, {words.of(whole.components_recognised, whole.components)} are products that the catalogue knows, and they are judged.",
        f"The other {words.number(left)} are libraries that nobody looks at for support. That is no pass.",
    ]


def _whole(p: Posture) -> NamesKnown | None:
    return next((k for k in p.names_known if k.council is None), None)


def known_table(view: View) -> Table:
    known = view.posture.names_known
    each = [k for k in known if k.council is not None]
    rows = [_known(k, view.council(k.council or "")) for k in each[: view.cap]]
    foot = [_known(k, "All, each name once") for k in known if k.council is None]
    heads = bits.columns(
        "Council|Installed programs recognised|Distinct names recognised|#Parts, not judged|#Components|#Of them judged"
    )
    return Table(
        id="names-known", caption="How much of each council’s software is recognised", columns=heads, rows=rows, sortable=False,
        foot=foot[0] if foot and len(each) > 1 else None, total=len(each), file="names-known.csv",
        empty="How many names were recognised is not on record for this run.",
    )  # fmt: skip


def _known(k: NamesKnown, who: Cell | str) -> bits.Row:
    return bits.row(
        who, words.share(k.recognised, k.installs), words.share(k.names_recognised, k.names), k.parts, k.components,
        k.components_recognised,
    )  # fmt: skip


def names_table(view: View, council: str | None = None, limit: int | None = None) -> Table:
    """The names, with the figures of one council where it is given: another's are none of its page."""
    found = [
        (u, of) for u in view.posture.unrecognised if (of := _figures(u, council)) is not None
    ]  # fmt: skip
    if council is not None:
        found.sort(key=lambda pair: (-int(pair[1].get("installs") or 0), str(pair[0].get("name"))))
    rows = [_row(view, u, of, council) for u, of in found[: min(view.cap, limit or view.cap)]]
    whose = "" if council is not None else "|Councils"
    heads = bits.columns(f"Name in the list|Versions|#Installed|#Devices{whose}|Looks like|To say what it is")
    return Table(
        id="unrecognised", caption="Most frequent names that nothing recognises", columns=heads, rows=rows, total=len(found),
        file="unrecognised.csv", empty="Every frequent name was recognised.", sorted_by=(2, "descending"), tight=True,
    )  # fmt: skip


def _figures(u: Mapping[str, Any], council: str | None) -> Mapping[str, Any] | None:
    if council is None:
        return u
    return next((c for c in _councils(u) if c.get("council") == council), None)


def _councils(u: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The figures of each council; a run of an older version named them alone."""
    return [c if isinstance(c, Mapping) else {"council": c} for c in u.get("councils") or ()]


def _row(view: View, u: Mapping[str, Any], of: Mapping[str, Any], council: str | None) -> bits.Row:
    kind = u.get("kind")
    told = [str(part) for part in (u.get("publisher"), KINDS.get(str(kind), kind)) if part]
    councils = (
        () if council is not None else (words.listing([view.name(str(c.get("council"))) for c in _councils(u)], 4),)
    )
    return bits.row(
        bits.cell(bits.text(u.get("name")), bits.note(", ".join(told)) if told else None),
        words.listing([str(v) for v in of.get("versions") or ()], 4) or None,
        int(of.get("installs") or 0), int(of.get("assets") or 0), *councils,
        words.listing([str(n) for n in u.get("near") or ()], 3) or None, _how(u),
    )  # fmt: skip


def _how(u: Mapping[str, Any]) -> Cell:
    if not u.get("matchable", True):
        return bits.cell(bits.note("No rule can match it: it is too long, or has letters that only look Latin."))
    said = [word for key in ("kind", "publisher") if u.get(key) for word in (f"--{key}", u[key])]
    name = str(u.get("name"))
    return bits.cell(bits.command(typed("recognise", "--add", *said, *(("--",) if name.startswith("-") else ()), name)))
