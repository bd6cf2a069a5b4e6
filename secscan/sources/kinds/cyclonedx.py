"""CycloneDX bills of materials, 1.0 to 1.7, as JSON or XML: a row is a component, wherever it is nested.

The asset is what the document is about (``metadata.component``), unless the source says otherwise. An operating system
among its own parts is the asset's; files, data, keys and hardware are no software. What a scanner wrote in as
vulnerabilities becomes results. Authors and other persons are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from secscan.doors import json, xml
from secscan.doors.xml import Element
from secscan.sources import looks, objects, purl, values
from secscan.sources.bill import Bill, Facts, Lines, cves, listed, obj, organisation, subject
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_NAMESPACE: Final = "http://cyclonedx.org/schema/bom/"
_VERSIONS: Final = tuple(f"1.{n}" for n in range(8))
_NODES: Final = 5_000_000
_PLAIN: Final = {
    "file": "files", "data": "sets of data", "container": "containers", "device": "pieces of hardware",
    "machine-learning-model": "machine-learning models", "cryptographic-asset": "keys, certificates and algorithms",
}  # fmt: skip
"""Types of component that are no software, in words."""
_PRODUCTS: Final = frozenset(("application", "framework", "library", "firmware", "platform", "device-driver"))
_GONE: Final = frozenset(("not_affected", "false_positive"))
_STATES: Final = {"resolved": "fixed", "resolved_with_pedigree": "fixed", "exploitable": "open"}
_GATHERS: Final = "aquasecurity:trivy:Class"
"""A property of components that Trivy puts over the packages of one list: ``Java``, ``package-lock.json``."""
_ASIDE: Final = frozenset(
    ("hashes", "licenses", "externalReferences", "evidence", "pedigree", "properties", "tools", "authors", "advisories",
     "dependencies", "compositions", "formulation", "modelCard", "cryptoProperties", "releaseNotes", "signature", "swid")
)  # fmt: skip
"""Elements that nothing is read from."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A component as JSON writes it; ``said`` None where an entry is no object."""

    line: int
    said: Facts | None
    parts: Sequence[_Part] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    version: str | None
    subject: _Part | None
    parts: Sequence[_Part]
    services: int
    vulnerabilities: Sequence[tuple[Any, int]]


class CycloneDx:
    """Reads one bill of materials."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind in ("cyclonedx", "xml"):
            document = _from_xml(job)
        elif seen.kind == "json":
            document = _from_json(job)
        else:
            raise job.refuse(f"is {seen.words}" + ("" if seen.kind == "empty" else ", not a CycloneDX document"))
        if document.version not in _VERSIONS:
            said = f"CycloneDX {values.shown(document.version)}" if document.version else "CycloneDX of no version"
            raise job.refuse(f"is {said}; versions {_VERSIONS[0]} to {_VERSIONS[-1]} are read", "write it as 1.6")
        if not document.parts:
            raise _nothing(job, document)
        return _read(job, document)


def _nothing(job: Job, document: _Document) -> Exception:
    """A document without components, by what it is instead."""
    if document.services:
        return job.refuse(
            "lists services that somebody runs (a SaaSBOM) and no component",
            "give the bill of materials of what is installed",
        )
    if document.vulnerabilities:
        return job.refuse(
            "says which vulnerabilities a product has (a VEX) and lists no component",
            "give the bill of materials itself",
        )
    return job.refuse("lists no component", "make it again over what is installed")


def _read(job: Job, document: _Document) -> Found:
    bill = Bill(job)
    about: Facts = (document.subject.said if document.subject else None) or {}
    asset = subject(job, about.get("name"))
    device = asset["device_id"]
    named: dict[str, dict[str, Any]] = {}
    systems = _systems(document.parts)
    for part, own in _walk(document.parts):
        if part.said is None:
            bill.refuse(part.line, "a component is not an object", part.said, device)
            continue
        kind, row = _word(part.said, "type"), _software(part.said)
        named.setdefault(_word(part.said, "bom-ref"), row)
        if _word(part.said, "scope") == "excluded":
            bill.pass_over("components that are left out of what is delivered (scope: excluded)")
        elif part.said.get("isExternal") in (True, "true"):
            bill.pass_over("components that are expected to be there already (isExternal)")
        elif kind in _PLAIN:
            bill.pass_over(f"components that are {_PLAIN[kind]}")
        elif _is_heading(part.said):
            bill.pass_over("components that only gather others, as Trivy writes a list of packages")
        elif kind == "operating-system" and own and len(systems) == 1:
            bill.row("assets", part.line, **asset, os=row["name"], os_version=row["version"])
        else:
            bill.row("software", part.line, asset_tag=device, **row)
    at = document.subject.line if document.subject else 0
    if len(systems) != 1:
        itself = not systems and _word(about, "type") == "operating-system"  # a bill of what a machine runs
        said = {"os": about.get("name"), "os_version": about.get("version")} if itself else {}
        bill.beside("assets", at, **asset, **said)
    if document.services:
        bill.notes.append(f"{document.services:,} services that somebody runs are not read")
    if about:
        named.setdefault(_word(about, "bom-ref"), _software(about))
        if _word(about, "type") in _PRODUCTS and about.get("version"):
            bill.beside("software", at, asset_tag=device, **_software(about))
    return bill.done(_results(bill, document, named, device))


def _walk(parts: Sequence[_Part], own: bool = True) -> Iterator[tuple[_Part, bool]]:
    """Each component and all that is nested in it; whether it is a part of the asset itself, not of a part."""
    for part in parts:
        yield part, own
        yield from _walk(part.parts, own=False)


def _is_heading(said: Facts) -> bool:
    """Whether a component is a heading, whose name (``Java``, ``Python``) would be taken for a program."""
    if _word(said, "type") != "application" or said.get("version") or said.get("purl"):
        return False
    return any(one.get("name") == _GATHERS for one in listed(said.get("properties")))


def _systems(parts: Sequence[_Part]) -> Sequence[_Part]:
    return [part for part in parts if part.said is not None and _word(part.said, "type") == "operating-system"]


def _software(said: Facts) -> dict[str, Any]:
    """A component as a program: by its package URL where that names it, else by its own name."""
    url = purl.parse(said.get("purl"))
    name, group = said.get("name"), _word(said, "group")
    if url is not None and url.type not in ("generic", "oci", "swid"):
        name = url.full_name
    elif group.startswith("@") and isinstance(name, str) and not name.startswith("@"):
        name = f"{group}/{name}"
    kind = "os_caption" if _word(said, "type") == "operating-system" else url.kind if url else "sbom"
    version = said.get("version") or None
    if url is not None and version in (None, url.version):
        version = url.full_version or version
    published = (said.get("publisher"), _firm(obj(said, "supplier")), _firm(obj(said, "manufacturer")))
    publisher = next((found for one in published if one and (found := organisation(one))), None)
    return {"name": name, "version": version, "publisher": publisher, "kind": kind}


def _firm(entity: Facts) -> Any:
    """The name of a supplier; None where its only address is a mail of its own: some tools write the author there."""
    itself = any(one.get("email") and not one.get("name") for one in listed(entity.get("contact")))
    return None if itself and not entity.get("url") else entity.get("name")


def _word(said: Facts, key: str) -> str:
    found = said.get(key)
    return found.strip() if isinstance(found, str) else ""


def _results(bill: Bill, document: _Document, named: Mapping[str, Facts], device: str) -> str | None:
    """Every vulnerability for every component that it is of. Why the list is not whole, if it is not."""
    lost = gone = 0
    for one, line in document.vulnerabilities:
        if not isinstance(one, dict) or not _word(one, "id"):
            lost += 1
            continue
        state = _word(obj(one, "analysis"), "state")
        if state in _GONE:
            gone += 1
            continue
        ratings = list(listed(one.get("ratings")))
        refs = [_word(target, "ref") for target in listed(one.get("affects"))]
        ids = cves(one["id"], *(other.get("id") for other in listed(one.get("references"))))
        for ref in dict.fromkeys(refs or [""]):
            part = named.get(ref) or named.get(unquote(ref.rpartition("#")[2])) if ref else None
            bill.beside(
                "results", line, asset_tag=device, check=one["id"], title=ids or one["id"], cves=ids,
                severity=next((rating["severity"] for rating in ratings if rating.get("severity")), None),
                cvss3=next((r["score"] for r in ratings if _word(r, "method").startswith("CVSSv3") and r.get("score")), None),
                product=part and part["name"], version=part and part["version"], state=_STATES.get(state),
            )  # fmt: skip
    if gone:
        bill.notes.append(f"{gone:,} vulnerabilities do not touch it, as the document itself says; left out")
    return f"{lost:,} of its vulnerabilities could not be read" if lost else None


# -- JSON


def _is_json(document: Any) -> bool:
    return isinstance(document, dict) and (
        "CycloneDX" in (document.get("bomFormat"), document.get("specFormat"))
        or "cyclonedx.org/schema/bom" in objects.word(document.get("$schema"))
    )


def _from_json(job: Job) -> _Document:
    document = json.loads(job.data, job.shown, without=_ASIDE - {"properties"})  # Trivy marks its headings by one
    if not _is_json(document):
        raise job.refuse("is JSON, but no CycloneDX document: that has 'bomFormat': 'CycloneDX'")
    lines = Lines(job.data)
    about = obj(document, "metadata", "component")
    inner = ("metadata", "component", "components")
    return _Document(
        version=_word(document, "specVersion"),
        subject=_Part(lines.one("metadata", "component"), about) if about else None,
        parts=[*_json_parts(lines, about.get("components"), inner), *_json_parts(lines, document.get("components"), ("components",))],
        services=_count(document.get("services")),
        vulnerabilities=lines.each(document.get("vulnerabilities"), "vulnerabilities"),
    )  # fmt: skip


def _count(found: Any) -> int:
    return len(found) if isinstance(found, list) else 0


def _json_parts(lines: Lines, found: Any, path: tuple[str, ...]) -> list[_Part]:
    return [
        _Part(line, one, _json_parts(lines, one.get("components"), (*path, "components")))
        if isinstance(one, dict)
        else _Part(line, None)
        for one, line in lines.each(found, *path)
    ]


# -- XML


def _from_xml(job: Job) -> _Document:
    root = xml.tree(job.data, job.shown, nodes=_NODES, without=_ASIDE)
    spaces = [
        text for name, text in root.attributes.items() if name.startswith("xmlns") and text.startswith(_NAMESPACE)
    ]
    if _local(root.tag) != "bom" or not spaces:
        raise job.refuse("is XML, but no CycloneDX document: that is a 'bom' of the namespace " + _NAMESPACE)
    about = _below(root, "metadata", "component")
    nested = [] if about is None else _xml_parts(_below(about, "components"))
    services, found = _below(root, "services"), _below(root, "vulnerabilities")
    vulnerabilities = [(_vulnerability(one), one.line) for one in _each(found, "vulnerability")]
    for one in root.walk():  # the extension of 1.2 and 1.3 may put them into the component itself
        inside = _each(_below(one, "vulnerabilities"), "vulnerability") if _local(one.tag) == "component" else ()
        vulnerabilities += [(_vulnerability(each, one.attributes.get("bom-ref")), each.line) for each in inside]
    return _Document(
        version=spaces[0].removeprefix(_NAMESPACE).strip("/"),
        subject=None if about is None else _Part(about.line, _component(about)),
        parts=[*nested, *_xml_parts(_below(root, "components"))],
        services=sum(1 for _ in _each(services, "service")),
        vulnerabilities=vulnerabilities,
    )  # fmt: skip


def _xml_parts(above: Element | None) -> list[_Part]:
    return [
        _Part(one.line, _component(one), _xml_parts(_below(one, "components"))) for one in _each(above, "component")
    ]


def _component(one: Element) -> dict[str, Any]:
    """A component in the words of JSON."""
    said: dict[str, Any] = {**one.attributes}
    for name in ("name", "version", "group", "publisher", "purl", "scope"):
        said[name] = _says(one, name)
    for name in ("supplier", "manufacturer"):
        said[name] = _entity(_below(one, name))
    return said


def _entity(one: Element | None) -> dict[str, Any]:
    if one is None:
        return {}
    contacts = [{"name": _says(each, "name"), "email": _says(each, "email")} for each in _each(one, "contact")]
    return {"name": _says(one, "name"), "url": _says(one, "url"), "contact": contacts}


def _vulnerability(one: Element, within: str | None = None) -> dict[str, Any]:
    """A vulnerability in the words of JSON; the extension of 1.2 and 1.3 names its component in an attribute."""
    ratings = [
        {"severity": _says(rating, "severity"), "method": _says(rating, "method"), "score": _says(rating, "score", "base") or _says(rating, "score")}
        for rating in _each(_below(one, "ratings"), "rating")
    ]  # fmt: skip
    refs = [_says(target, "ref") for target in _each(_below(one, "affects"), "target")]
    return {
        "id": _says(one, "id"), "ratings": ratings, "analysis": {"state": _says(one, "analysis", "state")},
        "references": [{"id": _says(other, "id")} for other in _each(_below(one, "references"), "reference")],
        "affects": [{"ref": ref} for ref in refs or [one.attributes.get("ref") or within]],
    }  # fmt: skip


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _each(above: Element | None, tag: str) -> Iterator[Element]:
    return (one for one in above.children if _local(one.tag) == tag) if above is not None else iter(())


def _below(one: Element, *path: str) -> Element | None:
    found: Element | None = one
    for tag in path:
        found = next(_each(found, tag), None)
    return found


def _says(one: Element, *path: str) -> str | None:
    found = _below(one, *path)
    return (found.text.strip() or None) if found is not None else None


def _fits(sample: Sample) -> str | None:
    if _is_json(sample.document):
        return "certain: a CycloneDX document"
    if _local(sample.root) != "bom":
        return None
    space = any(text.startswith(_NAMESPACE) for text in sample.elements[0][1].values())
    return "certain: a CycloneDX document, by its namespace" if space else None


KINDS: Final = (
    Kind(name="cyclonedx", reader=CycloneDx(), tables=frozenset({"assets", "software", "results"}), row="component", fits=_fits),
)  # fmt: skip
