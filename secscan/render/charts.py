"""Drawings as SVG text: lines over time and bars that fill up to a whole.

Each is drawn twice, wide for screens and paper and narrow for phones, at the size at which it is shown, so that its
letters are never scaled down. Colours are the UK Government Analysis Function's; dash and marker differ too, and no
line needs its colour to be told apart. All text goes through ``markupsafe``. There is no ``style`` attribute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count as upward
from typing import Final

from markupsafe import Markup, escape

from secscan.model.posture import Point
from secscan.render import words

COLOURS: Final = ("#12436D", "#28A197", "#801650", "#F46A25")
DASHES: Final = ("", "10 5", "3 4", "14 4 3 4")
LATE, UNKNOWN, LEFT_OUT, INK, GRID = "#F46A25", "#d8d8d8", "#ffffff", "#0b0c0c", "#cecece"
MOST_LINES: Final = 4
MOST_MARKERS: Final = 30
"""With more points than this in a line, only its ends are marked."""
LOW: Final = 20
"""Shares that are all at most this many per cent are drawn large; the axis then ends below 100."""
BAND: Final = 22
"""The strip below a drawing that holds the numbers of its marks."""
LABEL_HEIGHT: Final = 42
"""A label at the end of a line: the name, and under it the last figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One council's points, oldest first, and what is written at its end."""

    name: str
    points: Sequence[Point]
    ending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How points are read, and the axis they are drawn against."""

    floor: int = 0
    ceiling: int = 100
    step: int = 20
    unit: str = "%"
    counted: bool = False
    """A point is its numerator, not its share."""

    def seen(self, point: Point) -> bool:
        """Whether a point has a figure to draw. Nothing of nothing is a count, and no share."""
        return point.mark != "silent" and (point.denominator > 0 or (self.counted and not self.unit))

    def value(self, point: Point) -> float:
        return point.numerator if self.counted else 100 * point.numerator / point.denominator


SHARES: Final = Scale()
COUNTS: Final = Scale(unit="", counted=True)
DAYS: Final = Scale(unit=" days", counted=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A dated mark below a drawing: its number is explained beside it."""

    number: int
    on: date


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
    scale: Scale

    def x(self, day: date) -> float:
        span = max((self.last - self.first).days, 1)
        return self.left + (self.right - self.left) * (day - self.first).days / span

    def y(self, value: float) -> float:
        low, high = self.scale.floor, self.scale.ceiling
        return self.bottom - (self.bottom - self.top) * (value - low) / (high - low)


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
    """Where a scale of shares starts: a ten below everything drawn, 0 at the least."""
    lowest = min((SHARES.value(p) for line in lines for p in line.points if SHARES.seen(p)), default=0)
    lowest = int(min(lowest, target_percent))
    return max(0, lowest // 10 * 10 - (10 if lowest % 10 == 0 else 0))


def fitted(scale: Scale, lines: Sequence[Line], target_percent: int | None = None) -> Scale:
    """The scale with an axis that holds everything drawn: shares up to 100, counts from 0 up."""
    highest = max((scale.value(p) for line in lines for p in line.points if scale.seen(p)), default=0)
    if not scale.counted:
        if target_percent is None and highest <= LOW:
            ceiling = next(c for c in (1, 5, 10, 20) if c >= highest)
            return replace(scale, ceiling=ceiling, step=max(ceiling // 5, 1))
        floor = floor_of(lines, 100 if target_percent is None else target_percent)
        return replace(scale, floor=floor, step=10 if floor >= 40 else 20)
    step = next(s for s in _steps() if s * 4 >= highest)
    return replace(scale, ceiling=max(-(-int(highest) // step), 1) * step, step=step)


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, ... without end."""
    return (n * 10**power for power in upward() for n in (1, 2, 5))


def line_chart(key: str, lines: Sequence[Line], *, title: str, description: str, target_percent: int) -> Markup:
    """Shares over time, in both sizes. ``lines``: at most four, with at least one point between them."""
    lines = lines[:MOST_LINES]
    scale = fitted(SHARES, lines, target_percent)
    wide = _Sheet(width=1060, height=380, left=54, right=270, ticks=5, css="app-chart__wide")
    tall = 322 + LABEL_HEIGHT * len(lines)
    narrow = _Sheet(width=320, height=tall, left=46, right=14, ticks=3, css="app-chart__narrow")
    return Markup("").join(
        _lines(key + end, lines, title, description, scale, target_percent, None, sheet)
        for end, sheet in (("w", wide), ("n", narrow))
    )


def small_chart(
    key: str, lines: Sequence[Line], scale: Scale, marks: Sequence[Mark], *, title: str, description: str,
    target_percent: int | None = None,
) -> Markup:  # fmt: skip
    """The same for one of several drawings side by side, with dated marks below it."""
    lines = lines[:MOST_LINES]
    fitting = fitted(scale, lines, target_percent)
    wide = _Sheet(width=510, height=292, left=50, right=186, ticks=3, css="app-chart__wide", letters=16)
    tall = 312 + LABEL_HEIGHT * len(lines)
    narrow = _Sheet(width=320, height=tall, left=50, right=14, ticks=3, css="app-chart__narrow")
    return Markup("").join(
        _lines(key + end, lines, title, description, fitting, target_percent, marks, sheet)
        for end, sheet in (("w", wide), ("n", narrow))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """The paper: names stand at the right where there is room, else below."""

    width: int
    height: int
    left: int
    right: int
    ticks: int
    css: str
    letters: int = 26
    """Of a name at the end of a line."""

    @property
    def narrow(self) -> bool:
        return self.right < 100


def _lines(
    key: str, lines: Sequence[Line], title: str, description: str, scale: Scale, target: int | None,
    marks: Sequence[Mark] | None, sheet: _Sheet,
) -> Markup:  # fmt: skip
    days = sorted({p.on for line in lines for p in line.points})
    band = 0 if marks is None else BAND
    foot = (LABEL_HEIGHT * len(lines) + (30 if target is not None else 0)) if sheet.narrow else 0
    area = _Area(
        left=sheet.left, right=sheet.width - sheet.right, top=16, bottom=sheet.height - 34 - band - foot, first=days[0],
        last=days[-1], scale=scale,
    )  # fmt: skip
    parts = [*_grid(area), *_days(area, days, sheet.ticks, band)]
    parts += _rules(area, lines) if marks is None else _marks(area, marks)
    if target is not None:
        parts.append(_target(area, target))
    for i, line in enumerate(lines):
        parts += _line(area, line, i)
    if sheet.narrow:
        below = area.bottom + band + 58
        parts += [_key(0, below + LABEL_HEIGHT * i, i, line, sheet.letters) for i, line in enumerate(lines)]
        if target is not None:
            y = below + LABEL_HEIGHT * len(lines)
            parts += [_dotted(0, 16, y - 5), text(22, y, f"Target {target}%")]
    else:
        parts += _end_labels(area, lines, target, sheet.letters)
    return drawing(key, title, description, sheet.width, sheet.height, parts, sheet.css)


def _grid(area: _Area) -> list[Markup]:
    scale = area.scale
    marks = range(-(-scale.floor // scale.step) * scale.step, scale.ceiling + 1, scale.step)
    return [
        tag(
            "line",
            x1=rounded(area.left),
            x2=rounded(area.right),
            y1=rounded(area.y(m)),
            y2=rounded(area.y(m)),
            stroke=GRID,
        )
        + text(area.left - 8, area.y(m) + 5, f"{m:,}{'%' if scale.unit == '%' else ''}", anchor="end")
        for m in marks
    ]


def _days(area: _Area, days: Sequence[date], ticks: int, band: int) -> list[Markup]:
    last = len(days) - 1
    step = max(-(-last // max(ticks - 1, 1)), 1)
    chosen = list(range(last % step, last + 1, step))
    ends = {0: "start" if area.left < 60 else "middle", last: "end" if area.left < 60 else "middle"}
    return [
        text(area.x(days[i]), area.bottom + 24 + band, words.month(days[i]), anchor=ends.get(i, "middle"))
        for i in chosen
    ]


def _rules(area: _Area, lines: Sequence[Line]) -> list[Markup]:
    """A dated mark where the rules changed, so that a step there is not read as progress."""
    marks = {p.on: p.mark for line in lines for p in line.points if p.mark not in (None, "silent")}
    drawn = []
    for day, mark in sorted(marks.items()):
        x = area.x(day)
        drawn.append(_upright(area, x))
        drawn.append(text(min(x, area.right - 4), area.bottom - 8, words.plain(mark, 40), anchor="end"))
    return drawn


def _marks(area: _Area, marks: Sequence[Mark]) -> list[Markup]:
    """Numbers in a band below the drawing, each under its day; one that has no room keeps its line and loses its number."""
    drawn: list[Markup] = []
    free = area.left - BAND
    for mark in marks:
        x = area.x(mark.on)
        drawn.append(_upright(area, x))
        if x - free >= BAND:
            drawn.append(text(x, area.bottom + 19, str(mark.number), anchor="middle", bold=True))
            free = x
    return drawn


def _upright(area: _Area, x: float) -> Markup:
    return tag(
        "line",
        x1=rounded(x),
        x2=rounded(x),
        y1=rounded(area.top),
        y2=rounded(area.bottom),
        stroke=INK,
        stroke_dasharray="1 4",
    )


def _target(area: _Area, target: int) -> Markup:
    return _dotted(area.left, area.right, area.y(target))


def _dotted(left: float, right: float, y: float) -> Markup:
    return tag(
        "line",
        x1=rounded(left),
        x2=rounded(right),
        y1=rounded(y),
        y2=rounded(y),
        stroke=INK,
        stroke_width="2",
        stroke_dasharray="2 5",
    )


def _line(area: _Area, line: Line, number: int) -> list[Markup]:
    drawn = []
    for piece in _pieces(line.points, area.scale):
        spots = [(area.x(p.on), area.y(area.scale.value(p))) for p in piece]
        path = " ".join(f"{rounded(x)},{rounded(y)}" for x, y in spots)
        dash = {"stroke_dasharray": DASHES[number]} if DASHES[number] else {}
        drawn.append(tag("polyline", points=path, fill="none", stroke=COLOURS[number], stroke_width="3", **dash))
        # Where runs stand close together only the ends of a piece are marked.
        drawn += [_marker(x, y, number) for x, y in (spots if len(line.points) <= MOST_MARKERS else spots[::-1][:1])]
    return drawn


def _pieces(points: Sequence[Point], scale: Scale) -> list[list[Point]]:
    """Runs of points without a gap: where a council did not report, the line stops and starts anew."""
    pieces: list[list[Point]] = [[]]
    for point in points:
        if scale.seen(point):
            pieces[-1].append(point)
        elif pieces[-1]:
            pieces.append([])
    return [p for p in pieces if p]


def _end_labels(area: _Area, lines: Sequence[Line], target: int | None, letters: int) -> list[Markup]:
    """Names at the ends of the lines, moved apart where they would touch; the target's own is one of them."""
    wanted: list[tuple[float, int]] = [] if target is None else [(area.y(target), -1)]
    for i, line in enumerate(lines):
        last = latest(line.points, area.scale)
        wanted.append((area.y(area.scale.value(last)) if last else area.bottom, i))
    wanted.sort()
    room = [22 if i < 0 else LABEL_HEIGHT for _, i in wanted]
    ys = _apart([y for y, _ in wanted], room, area.top - 4, area.bottom + 10)
    return [
        text(area.right + 36, y + 5, f"Target {target}%")
        if i < 0
        else _key(area.right + 14, y + 5, i, lines[i], letters)
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


def _key(x: float, y: float, number: int, line: Line, letters: int) -> Markup:
    name = text(x + 22, y, _cut(line.name, letters), bold=True)
    return _marker(x + 8, y - 5, number) + name + text(x + 22, y + 19, line.ending)


def _marker(x: float, y: float, number: int) -> Markup:
    colour = COLOURS[number]
    match number:
        case 0:
            return tag("circle", cx=rounded(x), cy=rounded(y), r="4.5", fill=colour)
        case 1:
            return tag("rect", x=rounded(x - 4.5), y=rounded(y - 4.5), width="9", height="9", fill=colour)
        case 2:
            return tag("path", d=f"M{rounded(x)} {rounded(y - 6)}l6 10.5h-12z", fill=colour)
        case _:
            return tag("path", d=f"M{rounded(x)} {rounded(y - 6)}l6 6-6 6-6-6z", fill=colour)


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
        parts.append(text(0, first, _cut(bar.name, 26 if left else 40), bold=True))
        out = f", {words.number(bar.excluded)} excluded" if bar.excluded else ""
        parts.append(text(0, second, f"{words.number(bar.late)} late, {words.number(bar.unknown)} not known{out}"))
        parts += _segments(bar, left, width, y, high)
    x = float(left)
    for colour, name in ((COLOURS[0], "On time"), (LATE, "Late"), (UNKNOWN, "Not known"), (LEFT_OUT, "Excluded")):
        parts.append(_block(x, 4, 16, 16, colour) + text(x + 20, 18, name))
        x += 28 + 8 * len(name)
    foot = 40 + len(bars) * step
    parts += [
        text(left + (width - left) * share / 100, foot + 8, f"{share}%", anchor=anchor)
        for share, anchor in ((0, "start"), (50, "middle"), (100, "end"))
    ]
    return drawing(key, title, description, width, foot + 16, parts, css)


def _block(x: float, y: float, wide: float, high: int, fill: str) -> Markup:
    """A filled rectangle; one that is as white as the paper has an edge."""
    edge = {"stroke": INK} if fill == LEFT_OUT else {}
    return tag("rect", x=rounded(x), y=rounded(y), width=rounded(wide), height=high, fill=fill, **edge)


def _segments(bar: Bar, left: int, width: int, y: float, high: int) -> list[Markup]:
    total = sum(count for count, _, _ in bar.parts)
    if total == 0:
        return [text(left + 4, y + 22, "No device")]
    drawn, x = [], float(left)
    for count, colour, ink in bar.parts:
        wide = (width - left) * count / total
        if not count:
            continue
        drawn.append(_block(x, y, max(wide - 2, 1), high, colour))
        label = words.number(count)
        if wide > 9 * len(label) + 10:
            drawn.append(text(x + 7, y + 22, label, fill=ink, bold=True))
        x += wide
    return drawn


def column_chart(key: str, columns: Sequence[tuple[date, int]], *, title: str, description: str) -> Markup:
    """A count a month, each with its number above it; on phones three months together. In both sizes."""
    threes = [(columns[i][0], sum(n for _, n in columns[i : i + 3])) for i in range(0, len(columns), 3)]
    wide = _columns(key + "w", columns, title, description, 1060, 3, "app-chart__wide")
    return wide + _columns(key + "n", threes, title, description, 320, 2, "app-chart__narrow")


def _columns(
    key: str, columns: Sequence[tuple[date, int]], title: str, description: str, width: int, every: int, css: str
) -> Markup:  # fmt: skip
    foot, high = 200, 160
    step = width / len(columns)
    most = max(*(n for _, n in columns), 1)
    parts = [tag("line", x1="0", x2=width, y1=foot, y2=foot, stroke=INK)]
    for i, (month, n) in enumerate(columns):
        tall = high * n / most
        middle = step * (i + 0.5)
        if n:
            parts += [
                tag(
                    "rect",
                    x=rounded(step * i + 3),
                    y=rounded(foot - tall),
                    width=rounded(step - 6),
                    height=rounded(tall),
                    fill=COLOURS[0],
                ),
                text(middle, foot - tall - 6, words.number(n), anchor="middle"),
            ]
        if i % every == 0 and width - step * i > 70:
            parts.append(text(step * i + 3, foot + 22, words.month(month)))
    return drawing(key, title, description, width, foot + 34, parts, css)


def latest(points: Sequence[Point], scale: Scale = SHARES) -> Point | None:
    """The newest point that has data."""
    return next((p for p in reversed(points) if scale.seen(p)), None)


def by_council(points: Sequence[Point]) -> Mapping[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda p: (p.on, p.run_id)):
        found.setdefault(point.council, []).append(point)
    return found


def text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False, fill: str = INK) -> Markup:
    weight = {"font_weight": "700"} if bold else {}
    return tag(
        "text",
        escape(words.plain(text, 80)),
        x=rounded(x),
        y=rounded(y),
        font_size="16",
        text_anchor=anchor,
        fill=fill,
        **weight,
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def rounded(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
