"""Lifecycle dates as endoflife.date publishes them: ``/api/v1/products/full``, and ``/api/v1/products/NAME`` beside it.

A day in the document counts as it stands. Its flags are as computed on the document's own day, so they are read only
where no day is given: ``isEol`` false is support without an announced end, true is support that ended on no stated day.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StringConstraints,
    ValidationError,
)

from secscan.doors import json
from secscan.doors.terminal import safe
from secscan.knowledge.feeds.feed import Document, Feed, Sample, Source, day, moment, wrong
from secscan.knowledge.names import normalise

_VERSION: Final = re.compile(r"1\.\d+\.\d+", re.ASCII)
_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
_AGAIN: Final = "fetch it again"


def _written(value: str) -> str:
    value.encode()  # half a character, as JSON can escape it, is no text
    return value


Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9._+-]{0,99}$")]
Line = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100), AfterValidator(_written)]
Text = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_written)
]
Remark = Annotated[str, StringConstraints(strict=True, max_length=2000), AfterValidator(_written)] | None
Day = Annotated[date | None, BeforeValidator(lambda said: None if said is None else day(said))]
Time = Annotated[datetime, BeforeValidator(moment)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Release(_Part):
    name: Line
    label: Text | None = None
    isEol: StrictBool
    eolFrom: Day
    eoesFrom: Day = None


class Identifier(_Part):
    type: Text
    id: Text


class Product(_Part):
    name: Slug
    label: Text
    category: Text
    aliases: tuple[Text, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    labels: Mapping[str, Remark] = {}
    links: Mapping[str, Remark] = {}
    releases: tuple[Release, ...]


class Whole(_Part):
    generated_at: Time
    last_modified: Time | None = None
    total: int | None = None
    result: tuple[Product, ...]


def _fits(sample: Sample) -> bool:
    data = sample.data
    if not isinstance(data, dict) or "result" not in data or "schema_version" not in data:
        return False
    result = data["result"]
    first = result[0] if isinstance(result, list) and result else result
    return result == [] or (isinstance(first, dict) and {"name", "label"} <= first.keys())


def _read(sample: Sample) -> Document:
    data = sample.data
    if not _VERSION.fullmatch(str(data["schema_version"])):
        said = safe(data["schema_version"], 40)
        raise sample.refuse(f"is of schema version {said}; 1.x can be read", "see whether a newer secscan reads it")
    one = isinstance(data["result"], dict)
    products = [data["result"]] if one else data["result"]
    if any(isinstance(p, dict) and "releases" not in p for p in products):
        raise sample.refuse("is the short list of products, without their releases", f"fetch {SOURCE}")
    try:
        whole = Whole.model_validate({**data, "result": products})
    except ValidationError as error:
        raise sample.refuse(wrong(error), _AGAIN) from None
    if not whole.result or not all(p.releases for p in whole.result if one):
        raise sample.refuse("holds no product" if not whole.result else "holds no release", _AGAIN)
    if not one and whole.total != len(whole.result):
        raise sample.refuse(f"says that it holds {whole.total} products and holds {len(whole.result)}", _AGAIN)
    for what, names in (("the product", [p.name for p in whole.result]), *_releases(whole)):
        if twice := next((name for name, count in Counter(names).items() if count > 1), None):
            raise sample.refuse(f"has {what} '{safe(twice, 60)}' twice", _AGAIN)
    # A single product's document says when that product was last edited; the whole one only when it was made.
    said_at = min(whole.last_modified or whole.generated_at, whole.generated_at)
    return Document(
        part=whole.result[0].name if one else "", at=whole.generated_at, said_at=said_at,
        counts={p.name: len(p.releases) for p in whole.result}, content=(whole.result, _lines(sample.raw)),
    )  # fmt: skip


def _releases(whole: Whole) -> Iterator[tuple[str, list[str]]]:
    return ((f"of '{p.name}' the release", [r.name for r in p.releases]) for p in whole.result)


def _lines(raw: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """The lines on which products and releases begin, in order."""
    found = json.places(raw)
    return found.get(("result",), ()), found.get(("result", "releases"), ())


def _facts(sources: Sequence[Source]) -> dict[str, Any]:
    """Each product by the newest document that has it, and the names that are its own and nobody else's."""
    newest: dict[str, tuple[datetime, dict[str, Any]]] = {}
    for source in sources:
        products, (at, releases) = source.document.content
        here, there = iter(at), iter(releases)
        for product in products:
            made = _fact(product, source, next(here, 0), there)
            if product.name not in newest or newest[product.name][0] < source.document.at:
                newest[product.name] = (source.document.at, made)
    found = [made for _, made in newest.values()]
    claims = Counter(name for made in found for name in {name for name, _, _ in made["names"]})
    for made in found:
        made["names"] = [name for name in made["names"] if claims[name[0]] == 1]
    return {"products": found}


def _fact(product: Product, source: Source, line: int, lines: Iterator[int]) -> dict[str, Any]:
    return {
        "id": product.name, "label": product.label, "category": _CATEGORIES.get(product.category, ""),
        "names": list(_names(product)), "link": _link(product), "extension": product.labels.get("eoes") or None,
        "on": source.document.said_at.date().isoformat(), "file": source.file, "line": line,
        "lines": [[r.name, r.label or r.name, *_support(r), next(lines, 0)] for r in product.releases],
    }  # fmt: skip


def _link(product: Product) -> str:
    link = product.links.get("html") or ""
    return link if link.startswith("https://") else SOURCE


def _support(release: Release) -> tuple[str, str | None, str | None]:
    """The support word, its last day and the extension's: a day counts through itself."""
    if release.eolFrom is None:
        return ("ended-undated" if release.isEol else "open-ended"), None, None
    extended = release.eoesFrom if release.eoesFrom is not None and release.eoesFrom > release.eolFrom else None
    return "dated", release.eolFrom.isoformat(), extended.isoformat() if extended else None


# ------------------------------------------------------------------------------------------------ names

_CATEGORIES: Final = {
    "app": "application", "server-app": "server", "framework": "framework", "lang": "language",
    "database": "database", "os": "os",
}  # fmt: skip
"""Devices, services and standards are nothing that an inventory lists as installed."""
_OS: Final = ("none", "os_caption", "network")
_PROGRAM: Final = ("none", "arp", "service_banner")
_NEVER: Final = frozenset({"linux", "windows-nano-server", "windows-server-core"})
"""A kernel, or an image, is a part of a system whose support it has."""
_COINED: Final = re.compile(r"[A-Za-z]+[^A-Za-z ]|[A-Za-z][a-z]*[A-Z]")
"""A word that nobody would use for anything else: with a digit or a sign in it, or a capital after its first letter."""
_SHORTEST: Final = 5
_PURLS: Final = {"maven": ":", "composer": "/", "npm": "/", "golang": "/"}
"""Kinds of package whose full names are nobody else's, and what stands between the parts of such a name."""


def _names(product: Product) -> Iterator[tuple[str, tuple[str, ...], str | None]]:
    """(the whole name, the kinds of name that it may be, the word that its publisher must then hold).

    A name of one plain word is a product's only beside a publisher of that name; a library has its package names alone.
    """
    if product.category not in _CATEGORIES or product.name in _NEVER:
        return
    found: dict[str, tuple[tuple[str, ...], str | None]] = dict.fromkeys(_packages(product), (("sbom",), None))
    kinds = _OS if product.category == "os" else _PROGRAM
    for text in () if product.category == "framework" else _spelt(product):
        name = normalise(text)
        if not name.plain or name.version is not None or len(name.clean) < _SHORTEST:
            continue
        if " " in name.clean or _COINED.search(text):
            found.setdefault(name.clean, (kinds, None))
        elif product.category != "os":
            found.setdefault(name.clean, (kinds, name.clean))
    yield from ((name, *asked) for name, asked in found.items())


def _spelt(product: Product) -> Iterator[str]:
    """How its name may be spelt: its label, other ids that say as much as the label does, and its CPE."""
    yield product.label
    folded = _folded(product.label)
    first = product.label.lower().split()[0]
    for slug in (product.name, *product.aliases):
        if _folded(slug) == folded or len(slug.split("-")) > 2 or slug.startswith(f"{first}-"):
            yield slug.replace("-", " ")
    known = {_folded(text) for text in (product.label, product.name, *product.aliases)}
    made = [_cpe(identifier.id) for identifier in product.identifiers if identifier.type == "cpe"]
    own = [cpe for cpe in made if cpe[0] == first] or made  # where the label's maker is among them, others repackage it
    yield from (f"{vendor} {what}" for vendor, what in own if _folded(what) in known and not what.startswith(vendor))


def _folded(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _cpe(text: str) -> tuple[str, str]:
    """Vendor and product of a CPE of either form."""
    parts = text.removeprefix("cpe:2.3:").removeprefix("cpe:/").replace("_", " ").split(":")
    return (parts[1], parts[2]) if len(parts) > 2 else ("", "")


def _packages(product: Product) -> Iterable[str]:
    """Full names of packages, as bills of materials write them: ``group:artifact``, ``vendor/package``."""
    for identifier in product.identifiers:
        kind, _, path = identifier.id.removeprefix("pkg:").partition("/")
        path = path.partition("@")[0] if not path.startswith(("@", "%40")) else path.replace("%40", "@")
        if identifier.type == "purl" and kind in _PURLS and "/" in path and path.isascii():
            space, _, name = path.partition("?")[0].rpartition("/")
            yield f"{space}{_PURLS[kind]}{name}".lower()


SOURCE: Final = "https://endoflife.date/api/v1/products/full"
FEED: Final = Feed(
    id="endoflife",
    label="Lifecycle dates (endoflife.date)",
    source=SOURCE,
    licence="MIT",
    notice="Lifecycle dates by the endoflife.date contributors, https://endoflife.date, MIT licence.",
    noun="products",
    lapsed="what it says of support counts as not known",
    fits=_fits,
    read=_read,
    facts=_facts,
    form=1,
)
