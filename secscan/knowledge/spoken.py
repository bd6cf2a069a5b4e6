"""Names that a council says are a product's, beside those that the catalogue has: checked before one is written down.

Such a name is exact, less processor, language and a version at its end. No likeness decides, and nothing is a regular
expression, so that nothing can match more than a person sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from secscan.doors.terminal import safe
from secscan.doors.validate import nearest
from secscan.knowledge import named
from secscan.knowledge.catalogue import Catalogue, Product, Spoken
from secscan.knowledge.names import MAX_LENGTH, normalise
from secscan.knowledge.recognise import Recognition, recognise
from secscan.model.errors import UsageError
from secscan.model.places import Place

Triple = tuple[str | None, str | None, str | None, str | None]
"""name, version, publisher, kind"""
_HERE = Place("the new entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One spelling of the inventory that a new name would match."""

    name: str
    version: str | None
    publisher: str | None
    kind: str | None
    rows: int
    before: Recognition


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """A name that may be written down: its entry, and what of the inventory it would match."""

    entry: Mapping[str, str]
    """The keys of ``names`` in a catalogue file."""
    after: Recognition
    """What the name asked for is then taken for."""
    reaches: tuple[Reach, ...]
    """Most rows first; all of them newly, or taken for the same product already."""

    @property
    def newly(self) -> int:
        """Rows that nothing recognised before."""
        return sum(reach.rows for reach in self.reaches if reach.before.product is None)


def propose(
    catalogue: Catalogue,
    asked: Triple,
    product: str,
    cycle: str | None,
    held: Mapping[Triple, int],
    today: date,
    *,
    any_version: bool = False,
) -> Naming:
    """The name of ``asked`` as one of ``product``. ``held``: the spellings of the inventory, with how many rows have each.

    ``any_version``: with another version at its end, too. A publisher and a kind that are asked with hold for the entry.
    Raises UsageError where it may not be written: nobody has the product or the line, the name is known already or can never
    match, or it would take what is something else.
    """
    raw, _, publisher, kind = asked
    name = normalise(raw)
    if raw is None or not name.plain:
        raise UsageError(
            f"no rule can match this name: it is empty, longer than {MAX_LENGTH} letters, or has letters that only look Latin"
        )
    known = catalogue.products.get(catalogue.canonical(product) or "")
    if known is None:
        raise UsageError(
            f"no product '{safe(product, 80)}' in the catalogue{nearest(product, catalogue.products)}; one of your own needs an "
            f"entry first (docs/policy.md, 'Products of your own')"
        )
    line = None if cycle is None else _line(known, cycle)
    before = recognise(catalogue, *asked, today)
    if before.by is not None:
        what = before.product or before.label or "nothing, for several products claim it"
        raise UsageError(f"'{safe(raw, 80)}' is taken for {what} already, by {before.by}")
    if any(pattern.regex.fullmatch(name.clean) for pattern in known.excluded):
        raise UsageError(f"'{safe(raw, 80)}' is a namesake that the catalogue says is not {known.id}")
    key = name.bare if any_version else name.clean
    trial = with_spoken(
        catalogue, key, Spoken(product=known, place=_HERE, publisher=publisher or None, kind=kind, cycle=line)
    )
    after = recognise(trial, *asked, today)
    if after.product != known.id:
        raise UsageError(f"'{safe(raw, 80)}' would not be taken for {known.id}: {after.why}")
    reaches = _reaches(catalogue, trial, key, held, today)
    for reach in reaches:
        if reach.before.by is not None and reach.before.product != known.id:
            what = reach.before.product or reach.before.label or "several products"
            raise UsageError(
                f"this would take '{safe(reach.name, 80)}' of the inventory too, which is taken for "
                f"{what} by {reach.before.by}; say it with --publisher or --kind"
            )
    told = {
        "name": key if any_version else " ".join(raw.split()),
        "product": known.id,
        "publisher": publisher,
        "kind": kind,
        "cycle": line,
    }
    entry = {name: value for name, value in told.items() if value}
    return Naming(entry={**entry, "added_on": today.isoformat()}, after=after, reaches=reaches)


def with_spoken(catalogue: Catalogue, key: str, spoken: Spoken) -> Catalogue:
    """The catalogue with one name more; ``key`` in matching form."""
    return replace(catalogue, spoken={**catalogue.spoken, key: (*catalogue.spoken.get(key, ()), spoken)})


def _line(product: Product, cycle: str) -> str:
    found = named.cycles(product, cycle)
    if len(found) != 1:
        raise UsageError(
            f"'{safe(cycle, 40)}' is no release line of {product.id}{nearest(cycle, product.cycles)}; it has {', '.join(product.cycles) or 'none'}"
        )
    return next(iter(found))


def _reaches(
    catalogue: Catalogue, trial: Catalogue, key: str, held: Mapping[Triple, int], today: date
) -> tuple[Reach, ...]:
    """The spellings that another product, or none, is told for once the name is there."""
    found = []
    for triple, rows in held.items():
        raw, version, publisher, kind = triple
        read = normalise(raw)
        if raw is None or key not in (read.clean, read.bare):
            continue
        after = recognise(trial, *triple, today)
        if after.rule_place == _HERE:
            before = recognise(catalogue, *triple, today)
            found.append(Reach(name=raw, version=version, publisher=publisher, kind=kind, rows=rows, before=before))
    return tuple(sorted(found, key=lambda r: (-r.rows, r.name, r.version or "", r.publisher or "")))
