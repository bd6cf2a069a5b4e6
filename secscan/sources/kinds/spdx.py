"""SPDX documents, 2.x as JSON or tag-value and 3.0 as JSON-LD: a row is a package.

The asset is the one package that the document describes, else the document by its name, unless the source says
otherwise. Files and their licences are not read, and of creators and suppliers only organisations are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from secscan.doors import csv, json
from secscan.sources import looks, objects, purl, values
from secscan.sources.bill import Bill, Facts, Lines, listed, obj, organisation, subject
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

_VERSIONS: Final = ("SPDX-2.0", "SPDX-2.1", "SPDX-2.2", "SPDX-2.3")
_HINT: Final = "write it as JSON or as tag-value"
_PLAIN: Final = {
    "container": "containers", "device": "pieces of hardware", "file": "files", "source": "sources", "data": "sets of data",
    "model": "models", "test": "tests", "documentation": "documents",
}  # fmt: skip
"""Purposes of a package that is no program, in words."""
_GATHERS: Final = "SPDXRef-Application-"
"""Trivy's ids of headings over the packages of one list, whose names (``Java``, ``Python``) would be taken for programs."""
_NOTHING: Final = frozenset(("", "NOASSERTION", "NONE"))
_LINE: Final = 20_000
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9]*): ?(.*)", re.ASCII)
_ORGANISATION = re.compile(r"Organi[sz]ation: ?([^()]*?)(?: *\([^()]*\))?", re.ASCII)
_YAML = re.compile(r"""["']?(?:spdxVersion["']?:\s*["']?SPDX-|SPDXID["']?:\s*["']?SPDXRef-DOCUMENT)""", re.ASCII)
_CONTEXT: Final = "spdx.org/rdf/3."
_PACKAGES: Final = {"software_Package": None, "ai_AIPackage": "model", "dataset_DatasetPackage": "data"}
"""Elements of version 3 that are packages; for those that are no program, for what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Package:
    """One package; ``name`` may be anything that JSON may hold."""

    line: int
    id: str = ""
    name: Any = None
    version: Any = None
    publisher: str | None = None
    url: str | None = None
    purpose: str = ""
    """As its bare word in small letters: ``operatingsystem``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    name: Any
    described: frozenset[str]
    """Ids of the packages that it is about."""
    packages: Sequence[_Package]
    broken: Sequence[tuple[Any, int]] = ()
    vulnerabilities: int = 0


class Spdx:
    """Reads one document."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind == "json":
            document = _from_json(job)
        elif (form := _other_form(Sample(job.data, job.shown))) is not None:
            raise job.refuse(f"is SPDX as {form}", _HINT)
        elif seen.kind == "text":
            document = _from_tags(job)
        else:
            raise job.refuse(f"is {seen.words}" + ("" if seen.kind == "empty" else ", not an SPDX document"))
        if not document.packages and not document.broken:
            raise job.refuse("lists no package", "make it again over what is installed, packages and not files alone")
        return _read(job, document)


def _read(job: Job, document: _Document) -> Found:
    bill = Bill(job)
    about = [package for package in document.packages if package.id in document.described]
    asset = subject(job, about[0].name if len(about) == 1 else document.name)
    device = asset["device_id"]
    for broken, line in document.broken:
        bill.refuse(line, "a package is not an object", broken, device)
    systems = [package for package in document.packages if package.purpose == "operatingsystem"]
    for one in document.packages:
        row = _software(one)
        if one.purpose in _PLAIN:
            bill.pass_over(f"packages that are {_PLAIN[one.purpose]}")
        elif one.version is None and one.url is None and one.id.startswith(_GATHERS):
            bill.pass_over("packages that only gather others, as Trivy writes a list of packages")
        elif about == [one] != document.packages and one.version is None and one.url is None:
            bill.pass_over("packages that are what the document is about, and of no version")
        elif systems == [one]:
            bill.row("assets", one.line, **asset, os=row["name"], os_version=row["version"])
        else:
            bill.row("software", one.line, asset_tag=device, **row)
    if len(systems) != 1:
        bill.beside("assets", about[0].line if len(about) == 1 else 0, **asset)
    if document.vulnerabilities:
        bill.notes.append(f"{document.vulnerabilities:,} vulnerabilities that it speaks of are not read")
    return bill.done()


def _software(one: _Package) -> dict[str, Any]:
    url = purl.parse(one.url)
    named = url is not None and url.type not in ("generic", "oci", "swid", "github")
    kind = "os_caption" if one.purpose == "operatingsystem" else url.kind if url else "sbom"
    version = one.version
    if url is not None and (version is None or version == url.version):
        version = url.full_version or version
    return {
        "name": url.full_name if url and named else one.name,
        "version": version,
        "publisher": one.publisher,
        "kind": kind,
    }


def _told(found: Any) -> Any:
    """A value; None for the words by which SPDX says nothing."""
    return None if isinstance(found, str) and found.strip() in _NOTHING else found


def _supplier(found: Any) -> str | None:
    told = _ORGANISATION.fullmatch(found.strip()) if isinstance(found, str) else None
    return organisation(told[1]) if told else None


def _purpose(found: Any) -> str:
    return re.sub(r"[\s_-]", "", found).casefold() if isinstance(found, str) else ""


# -- 2.x as JSON


def _two(document: Any) -> Facts | None:
    """The document of version 2, alone or as GitHub wraps it."""
    for one in (document, obj(document, "sbom")):
        if isinstance(one, dict) and objects.word(one.get("spdxVersion")).startswith("SPDX-"):
            return one
    return None


def _from_json(job: Job) -> _Document:
    document = json.loads(job.data, job.shown)
    if _is_three(document):
        return _graph(job, document)
    two = _two(document)
    if two is None and _is_early(document):
        raise job.refuse("is SPDX 3 in a form from before its release", "write it as 3.0 or as 2.3")
    if two is None:
        raise job.refuse("is JSON, but no SPDX document: that has an 'spdxVersion', or an '@graph' of SPDX 3")
    _known(job, objects.word(two["spdxVersion"]))
    lines, path = Lines(job.data), ("packages",) if two is document else ("sbom", "packages")
    entries = lines.each(two.get("packages"), *path)
    described = set(_ids(two.get("documentDescribes")))
    for relation in listed(two.get("relationships")):
        described |= _describes(
            *(objects.word(relation.get(key)) for key in ("spdxElementId", "relationshipType", "relatedSpdxElement"))
        )
    return _Document(
        name=two.get("name"), described=frozenset(described), broken=[(one, line) for one, line in entries if not isinstance(one, dict)],
        packages=[_package(one, line) for one, line in entries if isinstance(one, dict)],
    )  # fmt: skip


def _known(job: Job, version: str) -> None:
    if version not in _VERSIONS:
        raise job.refuse(f"is SPDX of version {values.shown(version)}; 2.0 to 2.3 and 3.0 are read", "write it as 2.3")


def _describes(one: str, how: str, other: str) -> set[str]:
    """The id that a relationship says the document is about."""
    match how.upper():
        case "DESCRIBES" if one.endswith("SPDXRef-DOCUMENT"):
            return {other}
        case "DESCRIBED_BY" if other.endswith("SPDXRef-DOCUMENT"):
            return {one}
    return set()


def _package(one: Facts, line: int) -> _Package:
    refs = [
        ref.get("referenceLocator") for ref in listed(one.get("externalRefs")) if _is_purl(ref.get("referenceType"))
    ]
    return _Package(
        line=line, id=objects.word(one.get("SPDXID")), name=_told(one.get("name")), version=_told(one.get("versionInfo")),
        publisher=_supplier(one.get("supplier")), url=next((ref for ref in refs if isinstance(ref, str)), None),
        purpose=_purpose(one.get("primaryPackagePurpose")),
    )  # fmt: skip


def _is_purl(kind: Any) -> bool:
    return isinstance(kind, str) and kind.rpartition("/")[2].rpartition("#")[2] == "purl"


# -- 2.x as tag-value


def _tags(job: Job) -> Iterator[tuple[int, str, str]]:
    """(line, tag, value); a text between <text> and </text> may go over several lines."""
    text = csv.text(job.data, job.shown, job.source.encoding)
    held: tuple[int, str] | None = None
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if held is not None:
            if "<text>" in line:
                break  # the one before was never closed, and would swallow whatever stands between
            held = None if "</text>" in line else held
            continue
        found = _TAG.fullmatch(line[:_LINE])
        if found is None:
            continue
        value = found[2].strip()
        if value.startswith("<text>"):
            held = None if "</text>" in value else (number, found[1])
            value = value.removeprefix("<text>").partition("</text>")[0].strip()
        yield number, found[1], value
    if held is not None:
        raise job.refuse(f"breaks off: the text of '{held[1]}' is never closed", "export it again", held[0])


def _from_tags(job: Job) -> _Document:
    name, version, described = None, "", set[str]()
    found: list[dict[str, Any]] = []
    own: dict[str, Any] = {}
    for line, tag, value in _tags(job):
        match tag:
            case "SPDXVersion":
                version = value
            case "DocumentName":
                name = value
            case "Relationship":
                described |= _describes(*[*value.split(), "", "", ""][:3])
            case "PackageName":
                own = {"line": line, "name": _told(value)}
                found.append(own)
            case "FileName" | "SnippetSPDXID" | "LicenseID" | "ExternalDocumentRef":
                own = {}
            case "SPDXID" if own:
                own.setdefault("id", value)
            case "PackageVersion" if own:
                own["version"] = _told(value)
            case "PackageSupplier" if own:
                own["publisher"] = _supplier(value)
            case "PrimaryPackagePurpose" if own:
                own["purpose"] = _purpose(value)
            case "ExternalRef" if own and (parts := value.split())[1:2] == ["purl"] and len(parts) > 2:
                own.setdefault("url", parts[2])
    if not version:
        raise job.refuse("is text, but no SPDX document: that begins with 'SPDXVersion:'")
    _known(job, version)
    return _Document(name=name, described=frozenset(described), packages=[_Package(**one) for one in found])


# -- 3.0 as JSON-LD


def _is_three(document: Any) -> bool:
    context = document.get("@context") if isinstance(document, dict) else None
    return any(_CONTEXT in one for one in (context if isinstance(context, list) else [context]) if isinstance(one, str))


def _is_early(document: Any) -> bool:
    context = obj(document, "@context")
    return any(isinstance(one, str) and "spdx.org/rdf/" in one for one in context.values())


def _graph(job: Job, document: Mapping[str, Any]) -> _Document:
    lines = Lines(job.data)
    entries = [(one, line) for one, line in lines.each(document.get("@graph"), "@graph") if isinstance(one, dict)]
    by_id = {_id(one): one for one, _ in entries}
    kinds = {_id(one): _type(one) for one, _ in entries}
    packages = [(one, line) for one, line in entries if _type(one) in _PACKAGES]
    waiting = [_id(one) for one, _ in entries if _type(one) == "SpdxDocument"]
    documents = frozenset(waiting)
    roots: set[str] = set()
    for one, _ in entries:
        if one.get("relationshipType") == "describes" and one.get("from") in documents:
            waiting += _ids(one.get("to"))
    for name in waiting:  # what a document is about may be a bill of materials, which is about something in turn
        if name in roots:
            continue
        roots.add(name)
        if kinds.get(name) in ("SpdxDocument", "Bom", "software_Sbom"):
            waiting += _ids(by_id[name].get("rootElement"))
    return _Document(
        name=next((by_id[name].get("name") for name in documents), None), described=frozenset(roots),
        packages=[_package_of_three(one, line, by_id) for one, line in packages],
        vulnerabilities=sum(kind == "security_Vulnerability" for kind in kinds.values()),
    )  # fmt: skip


def _package_of_three(one: Facts, line: int, by_id: Mapping[str, Facts]) -> _Package:
    others = listed(one.get("externalIdentifier"))
    urls = [
        one.get("software_packageUrl"),
        *(ref.get("identifier") for ref in others if _purpose(ref.get("externalIdentifierType")) == "packageurl"),
    ]
    supplier = by_id.get(objects.word(one.get("suppliedBy")), {})
    return _Package(
        line=line, id=_id(one), name=_told(one.get("name")), version=_told(one.get("software_packageVersion")),
        publisher=organisation(supplier.get("name")) if _type(supplier) == "Organization" else None,
        url=next((url for url in urls if isinstance(url, str)), None),
        purpose=_PACKAGES[_type(one)] or _purpose(one.get("software_primaryPurpose")),
    )  # fmt: skip


def _id(one: Facts) -> str:
    return objects.word(one.get("spdxId") or one.get("@id"))


def _type(one: Facts) -> str:
    return objects.word(one.get("type") or one.get("@type"))


def _ids(found: Any) -> list[str]:
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str)]


# -- recognition


def _other_form(sample: Sample) -> str | None:
    """The form of an SPDX document that is not read."""
    if sample.root:
        spaces = sample.elements[0][1].values()
        if sample.root.rpartition(":")[2] == "RDF" and any("spdx.org/rdf" in text for text in spaces):
            return "RDF"
        return "XML" if sample.root == "Document" and any(tag == "spdxVersion" for tag, _ in sample.elements) else None
    return "YAML" if any(map(_YAML.match, sample.lines)) and not _is_tags(sample) else None


def _is_tags(sample: Sample) -> bool:
    return any(line.startswith("SPDXVersion:") for line in sample.lines)


def _fits(sample: Sample) -> str | None:
    if _two(sample.document) is not None:
        return "certain: an SPDX document, by its spdxVersion"
    if _is_three(sample.document):
        return "certain: an SPDX 3 document, by its context"
    if _is_early(sample.document):
        return "certain: SPDX 3 in a form from before its release, which is not read"
    if _is_tags(sample):
        return "certain: an SPDX document as tag-value"
    form = _other_form(sample)
    return f"certain: an SPDX document as {form}, which is not read; {_HINT}" if form else None


KINDS: Final = (
    Kind(name="spdx", reader=Spdx(), tables=frozenset({"assets", "software"}), row="package", fits=_fits),
)  # fmt: skip
