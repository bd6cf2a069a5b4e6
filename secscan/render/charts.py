"""Drawings as SVG text: lines over time and bars that fill up to a whole.

Each is drawn twice, wide for screens and paper and narrow for phones, at the size at which it is shown, so that its
letters are never scaled down. Colours are the UK Government Analysis Function's; dash and marker differ too, and no
line needs its colour to be told apart. All text goes through ``markupsafe``. There is no ``style`` attribute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup, escape

from secscan.model.posture import Point
from secscan.render import words

COLOURS: Final = ("#12436D", "#28A197", "#801650", "#F46A25")
DASHES: Final = ("", "10 5", "3 4", "14 4 3 4")
LATE, UNKNOWN, LEFT_OUT, INK, GRID = "#F46A25", "#d8d8d8", "#ffffff", "#0b0c0c", "#cecece"
MOST_LINES: Final = 4
LABEL_HEIGHT: Final = 42
"""A label at the end of a line: the name, and under it the last figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One council's points, oldest first, and what is written at its end."""

    name: str
    points: Sequence[Point]
    ending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """All of one council's devices: in time, late, not known, left out by policy."""

    name: str
    in_time: int
    late: int
    unknown: int
    excluded: int = 0

    @property
    def parts(self) -> tuple[tuple[int, str, str], ...]:
        """(count, fill, ink) of each part, in the order of the key."""
        return (
            (self.in_time, COLOURS[0], "#ffffff"), (self.late, LATE, INK), (self.unknown, UNKNOWN, INK),
            (self.excluded, LEFT_OUT, INK),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Area:
    left: float
    right: float
    top: float
    bottom: float
    first: date
    last: date
    floor: int

    def x(self, day: date) -> float:
        span = max((self.last - self.first).days, 1)
        return self.left + (self.right - self.left) * (day - self.first).days / span

    def y(self, share: float) -> float:
        return self.bottom - (self.bottom - self.top) * (share - self.floor) / (100 - self.floor)


def tag(name: str, content: Markup | str = "", /, **attributes: object) -> Markup:
    """One element; ``_`` in an attribute's name stands for ``-``."""
    given = Markup("").join(
        Markup(' {}="{}"').format(k.rstrip("_").replace("_", "-"), v) for k, v in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), given, content)  # noqa: S704 - element names are ours


def drawing(
    key: str, title: str, description: str, width: int, height: int, parts: Sequence[Markup], css: str
) -> Markup:
    """A whole SVG image that is announced by its title and description."""
    white = tag("rect", width=width, height=height, fill="#ffffff")
    words_in = tag("title", words.plain(title), id=f"{key}-t") + tag("desc", words.plain(description), id=f"{key}-d")
    return tag(
        "svg", words_in + white + Markup("").join(parts), class_=css, viewBox=f"0 0 {width} {height}", role="img",
        aria_labelledby=f"{key}-t {key}-d", focusable="false",
    )  # fmt: skip


def floor_of(lines: Sequence[Line], target_percent: int) -> int:
    """Where the scale starts: a ten below everything drawn, 0 at the least."""
    lowest = min((_share(p) for line in lines for p in line.points if _seen(p)), default=0)
    return max(
        0, int(min(lowest, target_percent)) // 10 * 10 - (10 if int(min(lowest, target_percent)) % 10 == 0 else 0)
    )


def line_chart(key: str, lines: Sequence[Line], *, title: str, description: str, target_percent: int) -> Markup:
    """Shares over time, in both sizes. ``lines``: at most four, with at least one point between them."""
    lines = lines[:MOST_LINES]
    wide = _lines(key + "w", lines, title, description, target_percent, 1060, 380, 54, 270, 5, "app-chart__wide")
    tall = 322 + LABEL_HEIGHT * len(lines)
    narrow = _lines(key + "n", lines, title, description, target_percent, 320, tall, 46, 14, 3, "app-chart__narrow")
    return wide + narrow


def _lines(
    key: str, lines: Sequence[Line], title: str, description: str, target: int, width: int, height: int, left: int, right: int,
    ticks: int, css: str,
) -> Markup:  # fmt: skip
    days = sorted({p.on for line in lines for p in line.points})
    narrow = right < 100
    below = 34 + (LABEL_HEIGHT * len(lines) + 30 if narrow else 0)
    area = _Area(
        left=left,
        right=width - right,
        top=16,
        bottom=height - below,
        first=days[0],
        last=days[-1],
        floor=floor_of(lines, target),
    )
    parts = [*_grid(area), *_days(area, days, ticks), *_rules(area, lines), _target(area, target)]
    for i, line in enumerate(lines):
        parts += _line(area, line, i)
    if narrow:
        parts += [_key(0, area.bottom + 58 + LABEL_HEIGHT * i, i, line) for i, line in enumerate(lines)]
        y = area.bottom + 58 + LABEL_HEIGHT * len(lines)
        parts.append(
            tag(
                "line",
                x1="0",
                x2="16",
                y1=_n(y - 5),
                y2=_n(y - 5),
                stroke=INK,
                stroke_width="2",
                stroke_dasharray="2 5",
            )
        )
        parts.append(_text(22, y, f"Target {target}%"))
    else:
        parts += _end_labels(area, lines, target)
    return drawing(key, title, description, width, height, parts, css)


def _grid(area: _Area) -> list[Markup]:
    step = 10 if area.floor >= 40 else 20
    marks = [m for m in range(area.floor, 101) if m % step == 0]
    return [
        tag("line", x1=_n(area.left), x2=_n(area.right), y1=_n(area.y(m)), y2=_n(area.y(m)), stroke=GRID)
        + _text(area.left - 8, area.y(m) + 5, f"{m}%", anchor="end")
        for m in marks
    ]


def _days(area: _Area, days: Sequence[date], ticks: int) -> list[Markup]:
    last = len(days) - 1
    step = max(-(-last // max(ticks - 1, 1)), 1)
    chosen = list(range(last % step, last + 1, step))
    ends = {0: "start" if area.left < 50 else "middle", last: "end" if area.left < 50 else "middle"}
    return [
        _text(area.x(days[i]), area.bottom + 24, words.month(days[i]), anchor=ends.get(i, "middle")) for i in chosen
    ]


def _rules(area: _Area, lines: Sequence[Line]) -> list[Markup]:
    """A dated mark where the rules changed, so that a step there is not read as progress."""
    marks = {p.on: p.mark for line in lines for p in line.points if p.mark not in (None, "silent")}
    drawn = []
    for day, mark in sorted(marks.items()):
        x = area.x(day)
        drawn.append(
            tag("line", x1=_n(x), x2=_n(x), y1=_n(area.top), y2=_n(area.bottom), stroke=INK, stroke_dasharray="1 4")
        )
        drawn.append(_text(min(x, area.right - 4), area.bottom - 8, words.plain(mark, 40), anchor="end"))
    return drawn


def _target(area: _Area, target: int) -> Markup:
    y = _n(area.y(target))
    return tag(
        "line", x1=_n(area.left), x2=_n(area.right), y1=y, y2=y, stroke=INK, stroke_width="2", stroke_dasharray="2 5"
    )


def _line(area: _Area, line: Line, number: int) -> list[Markup]:
    drawn = []
    for piece in _pieces(line.points):
        spots = [(area.x(p.on), area.y(_share(p))) for p in piece]
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in spots)
        dash = {"stroke_dasharray": DASHES[number]} if DASHES[number] else {}
        drawn.append(tag("polyline", points=path, fill="none", stroke=COLOURS[number], stroke_width="3", **dash))
        drawn += [_marker(x, y, number) for x, y in spots]
    return drawn


def _pieces(points: Sequence[Point]) -> list[list[Point]]:
    """Runs of points without a gap: where a council did not report, the line stops and starts anew."""
    pieces: list[list[Point]] = [[]]
    for point in points:
        if _seen(point):
            pieces[-1].append(point)
        elif pieces[-1]:
            pieces.append([])
    return [p for p in pieces if p]


def _end_labels(area: _Area, lines: Sequence[Line], target: int) -> list[Markup]:
    """Names at the ends of the lines, moved apart where they would touch; the target's own is one of them."""
    wanted: list[tuple[float, int]] = [(area.y(target), -1)]
    for i, line in enumerate(lines):
        last = latest(line.points)
        wanted.append((area.y(_share(last)) if last else area.bottom, i))
    wanted.sort()
    room = [22 if i < 0 else LABEL_HEIGHT for _, i in wanted]
    ys = _apart([y for y, _ in wanted], room, area.top - 4, area.bottom + 10)
    return [
        _text(area.right + 36, y + 5, f"Target {target}%") if i < 0 else _key(area.right + 14, y + 5, i, lines[i])
        for y, (_, i) in zip(ys, wanted, strict=True)
    ]


def _apart(wanted: Sequence[float], room: Sequence[int], top: float, bottom: float) -> list[float]:
    """Places near the wanted ones, in their order, each with its room below it, between top and bottom."""
    placed: list[float] = []
    for y, _ in zip(wanted, room, strict=True):
        placed.append(max(y, top if not placed else placed[-1] + room[len(placed) - 1]))
    limit = bottom
    for i in reversed(range(len(placed))):
        limit -= room[i]
        placed[i] = min(placed[i], max(limit, top))
        limit = placed[i]
    return placed


def _key(x: float, y: float, number: int, line: Line) -> Markup:
    name = _text(x + 22, y, _cut(line.name, 26), bold=True)
    return _marker(x + 8, y - 5, number) + name + _text(x + 22, y + 19, line.ending)


def _marker(x: float, y: float, number: int) -> Markup:
    colour = COLOURS[number]
    match number:
        case 0:
            return tag("circle", cx=_n(x), cy=_n(y), r="4.5", fill=colour)
        case 1:
            return tag("rect", x=_n(x - 4.5), y=_n(y - 4.5), width="9", height="9", fill=colour)
        case 2:
            return tag("path", d=f"M{_n(x)} {_n(y - 6)}l6 10.5h-12z", fill=colour)
        case _:
            return tag("path", d=f"M{_n(x)} {_n(y - 6)}l6 6-6 6-6-6z", fill=colour)


def bar_chart(key: str, bars: Sequence[Bar], *, title: str, description: str) -> Markup:
    """Each bar is all of a council's devices; its parts carry their own counts. In both sizes."""
    wide = _bars(key + "w", bars, title, description, 1060, 330, 0, "app-chart__wide")
    return wide + _bars(key + "n", bars, title, description, 340, 0, 42, "app-chart__narrow")


def _bars(
    key: str, bars: Sequence[Bar], title: str, description: str, width: int, left: int, head: int, css: str
) -> Markup:
    high, gap = 36, 16
    step = high + gap + head
    parts: list[Markup] = []
    for i, bar in enumerate(bars):
        y = 40 + i * step + head
        # The parts that can be too thin for their number are always said beside the name.
        first, second = (y - 24, y - 6) if head else (y + 14, y + 32)
        parts.append(_text(0, first, _cut(bar.name, 26 if left else 40), bold=True))
        out = f", {words.number(bar.excluded)} excluded" if bar.excluded else ""
        parts.append(_text(0, second, f"{words.number(bar.late)} late, {words.number(bar.unknown)} not known{out}"))
        parts += _segments(bar, left, width, y, high)
    x = float(left)
    for colour, name in ((COLOURS[0], "On time"), (LATE, "Late"), (UNKNOWN, "Not known"), (LEFT_OUT, "Excluded")):
        parts.append(_block(x, 4, 16, 16, colour) + _text(x + 22, 18, name))
        x += 32 + 8.1 * len(name)
    foot = 40 + len(bars) * step
    parts += [
        _text(left + (width - left) * share / 100, foot + 8, f"{share}%", anchor=anchor)
        for share, anchor in ((0, "start"), (50, "middle"), (100, "end"))
    ]
    return drawing(key, title, description, width, foot + 16, parts, css)


def _block(x: float, y: float, wide: float, high: int, fill: str) -> Markup:
    """A filled rectangle; one that is as white as the paper has an edge."""
    edge = {"stroke": INK} if fill == LEFT_OUT else {}
    return tag("rect", x=_n(x), y=_n(y), width=_n(wide), height=high, fill=fill, **edge)


def _segments(bar: Bar, left: int, width: int, y: float, high: int) -> list[Markup]:
    total = sum(count for count, _, _ in bar.parts)
    if total == 0:
        return [_text(left + 4, y + 22, "No device")]
    drawn, x = [], float(left)
    for count, colour, ink in bar.parts:
        wide = (width - left) * count / total
        if not count:
            continue
        drawn.append(_block(x, y, max(wide - 2, 1), high, colour))
        label = words.number(count)
        if wide > 9 * len(label) + 10:
            drawn.append(_text(x + 7, y + 22, label, fill=ink, bold=True))
        x += wide
    return drawn


def latest(points: Sequence[Point]) -> Point | None:
    """The newest point that has data."""
    return next((p for p in reversed(points) if _seen(p)), None)


def by_council(points: Sequence[Point]) -> Mapping[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda p: (p.on, p.run_id)):
        found.setdefault(point.council, []).append(point)
    return found


def _seen(point: Point) -> bool:
    return point.denominator > 0 and point.mark != "silent"


def _share(point: Point) -> float:
    return 100 * point.numerator / point.denominator


def _text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False, fill: str = INK) -> Markup:
    weight = {"font_weight": "700"} if bold else {}
    return tag(
        "text", escape(words.plain(text, 80)), x=_n(x), y=_n(y), font_size="16", text_anchor=anchor, fill=fill, **weight
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
