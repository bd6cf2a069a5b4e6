"""Ansible facts: what the setup module prints or caches, host by host. A row is a host.

Read are a file of the fact cache, the output of ``ansible -m setup`` (``host | SUCCESS => {...}`` and ``--tree``), that of
a playbook by the json callback, and facts by host as ``hostvars`` has them; keys with and without ``ansible_``. Packages
come too where ``package_facts`` was run. Users, keys and the environment are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from secscan.doors import csv, json
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.raw import Refusal
from secscan.sources import looks, objects, values
from secscan.sources.hosts import CHASSIS, reachable
from secscan.sources.kind import Kind
from secscan.sources.kinds.osquery import package_version
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

Facts = Mapping[str, Any]
_OUTCOME = re.compile(r"(\S{1,255}) \| (SUCCESS|CHANGED|UNREACHABLE!|FAILED!?) ?=> ?\{")
_FACTS: Final = ("distribution", "distribution_version", "hostname", "nodename", "fqdn", "kernel")
_MANY: Final = 3
"""How many of these keys make facts of what has no ``ansible_facts``."""
_WRAP: Final = b'"__ansible_type"'
_KINDS: Final = {"apt": "dpkg", "rpm": "rpm"}


class AnsibleFacts:
    """Reads the facts of one host or of several."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind not in ("json", "text"):
            raise job.refuse(f"is {seen.words}, not facts of Ansible")
        job = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        refused: list[Refusal] = []
        hosts = list(_printed(job, refused) if seen.kind == "text" else _document(job, refused))
        if not hosts and b'"ansible_net_' in job.data:
            raise job.refuse("holds facts of a network device, which are not read", "have nmap or SNMP say what it is")
        if not hosts and not refused:
            raise job.refuse("holds no facts of any host", "run: ansible all -m setup --tree FOLDER")
        if len(hosts) > job.limits.rows:
            raise job.refuse(f"has more than {job.limits.rows:,} hosts", "raise limits.rows in secscan.yaml")
        told = [_host(name, facts, job) for _, name, facts in hosts]
        found = objects.built("assets", told, [line for line, _, _ in hosts], job, ("device_id",))
        found = replace(found, rows_read=found.rows_read + len(refused), refused=[*refused, *found.refused])
        return _with_packages(found, hosts, told, job)


# -- where the facts are


def _facts(said: Any) -> Facts | None:
    """The facts in what a module answered or a cache holds, their keys without ``ansible_``."""
    if not isinstance(said, Mapping):
        return None
    inner = next((said[key] for key in ("ansible_facts", "result") if isinstance(said.get(key), Mapping)), said)
    plain = {key.removeprefix("ansible_"): value for key, value in inner.items()}
    many = 1 if inner is not said else _MANY if not any(key.startswith("ansible_") for key in inner) else 2
    return plain if sum(key in plain for key in _FACTS) >= many else None


def _plain(value: Any, job: Job) -> Any:
    """The value without the wraps that newer caches put around texts: ``{"__ansible_type": ..., "value": text}``."""
    if _WRAP not in job.data:
        return value
    match value:
        case {"__ansible_type": _, "value": inner}:
            return _plain(inner, job)
        case dict():
            return {key: _plain(one, job) for key, one in value.items()}
        case list():
            return [_plain(one, job) for one in value]
    return value


def _document(job: Job, refused: list[Refusal]) -> Iterator[tuple[int, str, Facts]]:
    """(line, what Ansible calls the host or "", facts) of a JSON document."""
    document = _plain(json.loads(job.data, job.shown), job)
    if (facts := _facts(document)) is not None:
        yield 1, "", facts
        return
    places = json.places(job.data)
    if isinstance(document, Mapping) and isinstance(document.get("plays"), list):
        yield from _played(document["plays"], iter(places.get(("plays", "tasks", "hosts"), ())), refused)
        return
    if isinstance(document, Mapping):
        told = {name: _facts(said) for name, said in document.items() if isinstance(said, Mapping)}
        if not any(told.values()):
            return
        for name, facts in told.items():
            line = next(iter(places.get((name,), ())), 0)
            if facts is not None:
                yield line, name, facts
            else:
                refused.append(_refusal(line, f"the host {values.shown(name)} has no facts"))


def _played(plays: Sequence[Any], lines: Iterator[int], refused: list[Refusal]) -> Iterator[tuple[int, str, Facts]]:
    """Those of a playbook's tasks; of several about one host the last that tells the system counts.

    A host that could not be reached, and of which no task told anything, is refused.
    """
    unreached: dict[str, int] = {}
    found: dict[str, tuple[int, str, Facts]] = {}
    for play in plays:
        tasks = play.get("tasks") if isinstance(play, Mapping) else None
        for task in tasks if isinstance(tasks, list) else ():
            hosts = task.get("hosts") if isinstance(task, Mapping) else None
            line = next(lines, 0) if isinstance(hosts, Mapping) else 0
            for name, said in hosts.items() if isinstance(hosts, Mapping) else ():
                if isinstance(said, Mapping) and said.get("unreachable") is True:
                    unreached.setdefault(name, line)
                gathered = said.get("ansible_facts") if isinstance(said, Mapping) else None
                if isinstance(gathered, Mapping):
                    plain = {key.removeprefix("ansible_"): value for key, value in gathered.items()}
                    before = found.get(name, (line, name, {}))
                    found[name] = (before[0], name, {**before[2], **plain})
    refused += [
        _refusal(line, f"the host {values.shown(name)} answered UNREACHABLE")
        for name, line in unreached.items()
        if name not in found
    ]
    yield from found.values()


def _printed(job: Job, refused: list[Refusal]) -> Iterator[tuple[int, str, Facts]]:
    """Those that ``ansible -m setup`` printed, one host after another. One that could not be asked is refused."""
    lines = csv.text(job.data, job.shown, job.source.encoding).splitlines()
    starts = [(at, begun) for at, line in enumerate(lines) if (begun := _OUTCOME.match(line))]
    for (at, begun), (end, _) in zip(starts, [*starts, (len(lines), None)][1:], strict=True):
        name, outcome = begun[1], begun[2]
        if outcome not in ("SUCCESS", "CHANGED"):
            refused.append(_refusal(at + 1, f"the host {values.shown(name)} answered {safe(outcome.rstrip('!'), 20)}"))
            continue
        text = "\n".join(["{" + lines[at][begun.end() :], *lines[at + 1 : end]])
        try:
            facts = _facts(json.loads(text.encode("utf-8", "replace"), job.shown))
        except InputError as error:
            refused.append(_refusal(at + 1, f"the host {values.shown(name)} is {error.reason}"))
            continue
        if facts is None:
            refused.append(_refusal(at + 1, f"the host {values.shown(name)} has no facts"))
        else:
            yield at + 1, name, facts


def _refusal(line: int, reason: str) -> Refusal:
    return Refusal(line=line, column=None, reason=reason)


# -- what they say


def _host(name: str, facts: Facts, job: Job) -> dict[str, Any]:
    full = _said(facts, "fqdn")
    full = full if "." in full and not full.startswith("localhost") else ""
    hostname = _said(facts, "hostname") or _said(facts, "nodename")
    default = facts.get("default_ipv4")
    addresses = [
        *_texts(facts, "all_ipv4_addresses"),
        *_texts(facts, "all_ipv6_addresses"),
        *_texts(facts, "ip_addresses"),
    ]
    return {
        "device_id": name or (job.named() if job.source.asset else full or hostname or job.named()),
        "hostname": hostname,
        "fqdn": full,
        "ip": reachable(dict.fromkeys(addresses)),
        "mac": default.get("macaddress") if isinstance(default, Mapping) else None,
        "serial": _said(facts, "product_serial"),
        "os": _system(facts),
        "os_version": _version(facts),
        "type": CHASSIS.get(_said(facts, "form_factor").casefold()),
        "last_seen": _day(facts, job),
    }


def _system(facts: Facts) -> str:
    """The name of the distribution; CentOS tells its Stream by the release alone."""
    name = _said(facts, "distribution") or _said(facts, "os_name")
    return f"{name} Stream" if (name, _said(facts, "distribution_release")) == ("CentOS", "Stream") else name


def _version(facts: Facts) -> str:
    """The version; of a Windows without the nought that stands where nobody asked for the revision."""
    version = _said(facts, "distribution_version")
    asked = not _system(facts).startswith("Microsoft Windows") or version.count(".") < 3
    return version if asked else version.removesuffix(".0")


def _day(facts: Facts, job: Job) -> str:
    time = facts.get("date_time")
    return (
        objects.word(time.get("date")) if isinstance(time, Mapping) and time.get("date") else job.dated_on.isoformat()
    )


def _said(facts: Facts, key: str) -> str:
    """A fact as text; "NA" is how Ansible says that it could not tell."""
    text = values.clean(objects.word(facts.get(key)))
    return "" if text in ("NA", "\0") or values.is_unknown(text) else text


def _texts(facts: Facts, key: str) -> list[str]:
    found = facts.get(key)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _with_packages(
    found: Found, hosts: Sequence[tuple[int, str, Facts]], told: Sequence[Mapping[str, Any]], job: Job
) -> Found:
    """The hosts with what ``package_facts`` lists: by name, each version that is installed."""
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    broken = 0
    for (line, _, facts), host in zip(hosts, told, strict=True):
        packages = facts.get("packages")
        for versions in packages.values() if isinstance(packages, Mapping) else ():
            for one in versions if isinstance(versions, list) else [versions]:
                if isinstance(one, Mapping):
                    rows.append(_package(one, host["device_id"]))
                    lines.append(line)
                else:
                    broken += 1
    if len(rows) > job.limits.rows:
        raise job.refuse(f"has more than {job.limits.rows:,} packages", "raise limits.rows in secscan.yaml")
    lists = [objects.built("software", rows, lines, job, ("asset_tag", "name"))] if rows else []
    return objects.with_lists(found, lists, job, broken, "packages")


def _package(one: Mapping[str, Any], device: str) -> dict[str, Any]:
    kind = _KINDS.get(objects.word(one.get("source")))
    version, release, epoch = (objects.word(one.get(key)) for key in ("version", "release", "epoch"))
    whole = package_version(version, release, epoch) if kind == "rpm" else version
    return {"asset_tag": device, "name": one.get("name"), "version": whole, "kind": kind}


def _fits(sample: Sample) -> str | None:
    if sample.looks.kind == "text":
        outcome = next((line for line in sample.lines[:20] if _OUTCOME.match(line)), None)
        facts = outcome and any('"ansible_' in line for line in sample.lines)
        return "certain: hosts as 'ansible -m setup' prints them" if facts else None
    document = sample.document
    if not isinstance(document, Mapping):
        return None
    if isinstance(document.get("ansible_facts"), Mapping):
        return "certain: an answer of Ansible's setup module"
    if _facts(document) is not None:
        prefixed = any(key.startswith("ansible_") for key in document)
        return f"{'certain' if prefixed else 'likely'}: facts of Ansible, by their keys"
    if isinstance(document.get("plays"), list) and "stats" in document:
        return "certain: a playbook's outcome by Ansible's json callback"
    by_host = list(document.values())[:5]
    return "likely: facts of Ansible by host" if by_host and all(_facts(one) is not None for one in by_host) else None


KINDS: Final = (
    Kind(
        name="ansible-facts", reader=AnsibleFacts(), tables=frozenset({"assets", "software"}), row="host", one_each=True,
        fits=_fits,
    ),
)  # fmt: skip
