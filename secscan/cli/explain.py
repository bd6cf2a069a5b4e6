"""``secscan explain``: the trust command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from secscan.cli.common import FORMATS, Out, cell, check_folders, envelope, open_workspace, options
from secscan.cli.complete import controls, councils

Told = Mapping[str, Any]
_HEAD = (
    "id",
    "fingerprint",
    "council",
    "asset",
    "hostname",
    "outcome",
    "status",
    "severity",
    "first_seen",
    "due",
    "overdue",
)


@click.command(epilog="Example: secscan explain LEG-01")
@click.argument("subject", metavar="FINGERPRINT|CONTROL|ASSET|CVE", shell_complete=controls)
@click.option(
    "--council",
    metavar="ID",
    help="Whose asset, where several councils have one of that name.",
    shell_complete=councils,
)
@check_folders
@options(*FORMATS)
def command(
    subject: str,
    council: str | None,
    folders: tuple[Path, ...],
    workspace: str | None,
    as_of: date | None,
    format_: str,
    **how: Any,
) -> None:
    """Why: rule text, values, source file and row, exception and mitigation tried, what would make it pass.

    A control: what it asks for and where, how each council stands, who asks for less, the worst that fails. An asset,
    by its id, host name, serial number or address: every fact with its source, its findings, exceptions and claims,
    who can reach it, what other scanners report on it, and where sources disagree. A CVE: which scanners report it on
    which devices.
    """
    from secscan import answers
    from secscan.explain import explain

    held = open_workspace(workspace)
    if council is not None:
        answers.known_council(held, council)
    posture = answers.last(held, as_of)
    told = explain(held, posture, subject, council, folders)
    warnings = told.pop("warnings")
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        out.json(envelope("explain", complete=posture.complete, warnings=[*posture.warnings, *warnings], **told))
    elif format_ == "csv":
        rows = [
            (f["name"], f["value"], (f["source"] or {}).get("file"), (f["source"] or {}).get("line"))
            for f in (*told["facts"], *told.get("kept", ()))
        ]
        out.csv(("fact", "value", "file", "line"), rows)
    else:
        _text(out, told)
        for text in warnings:
            out.note(text)
        out.last(f"next: {told['next']}")


def _text(out: Out, told: Told) -> None:
    said = told["subject"]
    out.line(said.get("title") or said.get("hostname") or said["id"])
    for name in _HEAD:
        if said.get(name) is not None:
            out.line(f"  {name.replace('_', ' ')}: {cell(said[name])}")
    if rule := told["control"]:
        out.line(f"Rule {rule['id']}: {rule['text']}{_at(rule)}")
    if check := told.get("check"):
        out.line(f"Check {check['id']}{_at(check)}")
        for line in check["doc"].splitlines()[1:]:
            out.line(f"  {line}") if line else None
    if told["why"]:
        out.line(f"Because: {told['why']}" if "fingerprint" in said else f"Stands: {told['why']}")
    _section(out, "Facts", (f"{f['name']}: {_value(f['value'])}{_at(f['source'])}" for f in told["facts"]))
    _section(out, "Also written in its sources, and asked for by no rule", (
        f"{k['name']}: {k['value']}, by {k['by']}{_at(k['source'])}" for k in told.get("kept", ())
    ))  # fmt: skip
    if unknown := told.get("not_known"):
        out.line(f"No source says: {', '.join(unknown)}")
    if outcomes := told.get("outcomes"):
        out.line("How the councils stand (rows judged):")
        words = ("passed", "failed", "unknown", "stale")
        out.table(("council", *words), [(c, *(n.get(w, 0) for w in words)) for c, n in outcomes.items()])
    _section(out, "Asks for less", (
        f"{', '.join(item['councils'])}: {item['what']} from {item['before']} to {item['after']}, "
        f"{'because ' + item['reason'] if item['reason'] else 'and gives no reason'}{_at(item['source'])}"
        for item in told.get("loosened", ())
    ))  # fmt: skip
    _section(
        out, "Known under other ids", (f"{', '.join(j['also'])}, told by {j['key']}" for j in told.get("joined", ()))
    )
    _section(out, "Its sources, and by what they mean the same", (
        f"{n['by']} calls it {n['name']}: {_by(n)}{_at(n['source'])}" for n in told.get("told_by", ())
    ))  # fmt: skip
    if maybe := told.get("maybe"):
        out.line(f"It may be the same as {', '.join(maybe)}: they have one address, and something speaks against it")
    _section(out, "What several sources say, the first is used", (
        f"{fact}, from {said[0]['why']}: " + "; ".join(f"{s['value']} by {s['by']}{_age(s)}{_at(s['source'])}" for s in said)
        for fact, said in told.get("said", {}).items() if len(said) > 1
    ))  # fmt: skip
    _section(out, "Sources disagree, the first is used", (
        f"{d['fact']}: " + "; ".join(f"{s['value']} by {s['by']}{_at(s['source'])}" for s in d["said"])
        for d in told.get("disagreements", ())
    ))  # fmt: skip
    _findings(out, told)
    for name in ("exception", "mitigation"):
        if one := told[name]:
            enough = f" (the control wants it {one['wanted']})" if one.get("wanted") else ""
            out.line(f"{name.capitalize()}: {one['says']}{enough}{_at(one['source'])}")
    _section(out, "Exceptions", (f"{_about(e)}{e['says']}{_at(e['source'])}" for e in told.get("exceptions", ())))
    _section(out, "Claims", (f"{c['says']}{_at(c['source'])}" for c in told.get("claims", ())))
    _section(out, "Who can reach it, or may", (_route(r) for r in told.get("routes", ())))
    _results(out, told)
    if told["would_pass_if"]:
        out.line(f"It would pass if {told['would_pass_if']}")
    if told["fix"]:
        out.line(f"To mend it: {told['fix']}")


def _findings(out: Out, told: Told) -> None:
    found, total = told.get("findings", ()), told["subject"].get("findings")
    title = f"The worst of {total} findings" if total else "Findings"
    _section(out, title, (
        f"{f['fingerprint']}  {f['status'] if f['outcome'] == 'fail' else 'unknown'}  {f['severity']}  "
        f"{'' if total is None else f['council'] + ' ' + (f['hostname'] or f['asset'] or '') + ': '}{f['title']}"
        f"{', overdue since ' + str(f['due']) if f['overdue'] else ''}"
        for f in found
    ))  # fmt: skip
    _section(out, "Not known, with others", (f"{f['fingerprint']}  {f['title']}" for f in told.get("unknowns", ())))


def _results(out: Out, told: Told) -> None:
    """What other scanners say, in their words; under a CVE, device by device."""
    found = told.get("results", ())
    of_cve = told["subject"].get("asset") is None
    _section(out, f"Other scanners report, in their own words ({len(found)})", (
        f"{_whose(r) if of_cve else ''}{r['scanner']} ({r['tool']}, {r['scanned_on']}): {r['title']}{_said(r)}{_at(r['source'])}"
        for r in found
    ))  # fmt: skip


def _whose(r: Told) -> str:
    named = r["asset"] or f"{r['device']}, which is in no list"
    return f"{r['council']} {named}: "


def _said(r: Told) -> str:
    """The rest of a result: what it knows."""
    score = None if r["cvss3"] is None else f"CVSS {r['cvss3'] // 10}.{r['cvss3'] % 10}"
    parts = (
        f"calls it {r['severity']}" if r["severity"] else None, score, r["cves"] if r["cves"] != r["title"] else None, r["proto_port"],
        " ".join(filter(None, (r["product"], r["version"]))), f"mended in {r['fixed_in']}" if r["fixed_in"] else None,
        "known to be exploited" if r["exploited"] else None, f"first on {r['first_seen_on']}" if r["first_seen_on"] else None, None if r["open"] else "says it is fixed",
    )  # fmt: skip
    return "".join(f"; {part}" for part in parts if part)


def _section(out: Out, title: str, lines: Iterable[str]) -> None:
    """A heading with its lines; nothing where there is none."""
    for number, line in enumerate(lines):
        if not number:
            out.line(f"{title}:")
        out.line(f"  {line}")


def _by(n: Told) -> str:
    if n["key"] is None:
        return "told by the id that its tool has for it"
    return f"told by {n['key']} {n['value']}{'' if n['sure'] else ', which is less sure'}"


def _age(s: Told) -> str:
    return "" if s["age_days"] is None else f", {s['age_days']} days old"


def _about(e: Told) -> str:
    """Whose asset an exception is for, where the answer is not about that asset alone."""
    return f"{e['council']} {e['asset']}: " if "council" in e else ""


def _route(r: Told) -> str:
    verdict = {True: "let through", False: "blocked by the rules", None: "cannot tell"}[r["reach"]]
    way = f"from {r['zone']}" if r["direction"] == "in" else f"to {r['zone']}"
    seen = {True: "; a scan saw it open", False: "; a scan saw it stopped", None: ""}[r["observed"]]
    by = f", by {r['rule']}" if r["rule"] else f" ({r['reason']})" if r["reason"] else ""
    return f"{r['port']} {way}: {'partly ' if r['partly'] else ''}{verdict}{seen}{by}{_at(r['source'])}"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items())
    return "not known" if value is None else cell(value)


def _at(source: Told | None) -> str:
    return f"  [{source['file']}:{source['line']}]" if source else ""
