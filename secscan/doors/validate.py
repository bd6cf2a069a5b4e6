"""From a YAML document to a typed model, with every refusal as file:line:column and a suggestion."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from secscan.doors.yaml import Document
from secscan.model.errors import PolicyError, Problem
from secscan.model.places import Place

M = TypeVar("M", bound=BaseModel)

MAX_PROBLEMS: Final = 200
"""What is named of one file; a file with more is told how many more."""


def validate(document: Document, model: type[M]) -> M:
    """The document as a ``model``. Raises PolicyError with every problem found, in the order of the file."""
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        raise PolicyError([Problem(place=document.place(), says="expected keys and values at the top of the file")])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        items = error.errors(include_url=False)
        inner = {i["loc"][:n] for i in items for n in range(len(i["loc"]))}
        # A list that is "too short" only because its items were refused says nothing new.
        items = [i for i in items if not (i["type"] == "too_short" and i["loc"] in inner)]
        problems = [_problem(document, model, dict(item)) for item in items[:MAX_PROBLEMS]]
        problems.sort(key=lambda p: (p.place.line, p.place.column or 0))
        if rest := len(items) - len(problems):
            problems.append(Problem(place=document.place(), says=f"and {rest:,} more problems; mend these first"))
        raise PolicyError(problems) from None


def nearest(word: str, known: Iterable[str]) -> str:
    """`` did you mean 'x'?`` where something known is close to ``word``, else nothing. Best what the word begins."""
    close = difflib.get_close_matches(word, list(known), n=5, cutoff=0.6)
    return f"; did you mean '{next((one for one in close if one.startswith(word)), close[0])}'?" if close else ""


def _problem(document: Document, model: type[BaseModel], item: dict[str, Any]) -> Problem:
    path: tuple[Hashable, ...] = tuple(part for part in item["loc"])
    shown = ".".join(str(part) for part in path)
    key = str(path[-1]) if path else ""
    match item["type"]:
        case "extra_forbidden":
            place = document.keys.get(path, document.place(*path))
            known = _fields(_model_at(model, path[:-1]))
            return Problem(place=place, says=f"unknown key '{key}'{nearest(key, known)}")
        case "missing":
            parent = document.place(*path[:-1])
            within = f" in '{'.'.join(str(p) for p in path[:-1])}'" if len(path) > 1 else ""
            return Problem(place=parent, says=f"'{key}' is missing{within}")
        case "string_type":
            value = item["input"]
            says = f"'{shown}' must be text"
            if isinstance(value, int | float) and not isinstance(value, bool):
                says += f'; put {value} in quotes: "{value}"'
            return Problem(place=document.place(*path), says=says)
        case "literal_error" | "enum":
            expected = [word.strip("'") for word in item["ctx"]["expected"].replace(" or ", ", ").split(", ")]
            says = f"'{shown}' is {item['input']!r}; it must be one of {', '.join(expected)}"
            return Problem(place=document.place(*path), says=says + nearest(str(item["input"]), expected))
        case "value_error":
            return Problem(place=_pointed(document, path, item), says=str(item["ctx"]["error"]))
    message = item["msg"][0].lower() + item["msg"][1:]
    return Problem(place=document.place(*path), says=f"'{shown}': {message} (found {_short(item['input'])})")


def _pointed(document: Document, path: tuple[Hashable, ...], item: dict[str, Any]) -> Place:
    """For a rule over the whole document, the line of the word it quotes, where there is exactly one such value."""
    place = document.place(*path)
    if path and document.values.get(path):
        return place
    quoted = str(item["ctx"]["error"]).split("'")[1::2]
    for word in reversed(quoted):
        hits = [at for where, at in document.values.items() if _at(document.data, where) == word]
        if hits:
            return hits[-1]
    return place


def _at(data: Any, path: tuple[Hashable, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fields(model: type[BaseModel] | None) -> list[str]:
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel] | None, path: tuple[Hashable, ...]) -> type[BaseModel] | None:
    """The model that stands at a path, following lists, maps and optional fields."""
    named = False  # whether the part is a name of the file's own, in a map of models
    for part in path:
        if model is None:
            return None
        if named or isinstance(part, int):
            named = False
            continue
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        model = None if field is None else _inner_model(field.annotation)
        named = field is not None and get_origin(field.annotation) is dict
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if found := _inner_model(argument):
            return found
    return None
