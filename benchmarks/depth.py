"""Draw how the time of a page grows with its depth, from a run of the pagination suite.

``python -m benchmarks.depth benchmarks/results/pagination.json PICTURE.svg``
"""

from __future__ import annotations

import json
import math
import sys
from collections import defaultdict
from html import escape
from pathlib import Path
from statistics import median

from benchmarks.million import ROWS

#: What is drawn, and how: what it is called in the picture, its colour and dashes.
SUBJECTS = {
    "cursor_paginated": ("cursor_paginated", "#1b6ca8", ""),
    "sqlakeyset": ("sqlakeyset", "#7fb3d5", "6 3"),
    "paginated": ("paginated (offset)", "#b03a2e", ""),
    "Flask-SQLAlchemy": ("Flask-SQLAlchemy (offset)", "#e59866", "6 3"),
}
WIDTH, HEIGHT, LEFT, TOP, GAP = 220, 240, 78, 54, 26

#: For each database and subject, milliseconds by depth.
Times = dict[str, dict[str, dict[int, float]]]


def read(path: Path) -> Times:
    """Return the medians of the cases called ``DATABASE depth NUMBER``."""
    times: Times = defaultdict(lambda: defaultdict(dict))
    for each in json.loads(path.read_text(encoding="utf-8"))["benchmarks"]:
        _, case, subject = each["metadata"]["name"].split(".")
        database, kind, *depth = case.split(" ")
        if kind == "depth" and subject in SUBJECTS:
            seconds = [value for run in each["runs"] for value in run["values"]]
            times[database][subject][int(depth[0])] = median(seconds) * 1000
    return times


def draw(times: Times) -> str:
    """Return the picture: one panel a database, milliseconds on a logarithmic scale."""
    every = [
        value
        for subjects in times.values()
        for points in subjects.values()
        for value in points.values()
    ]
    low = math.floor(math.log10(min(every)))
    high = math.ceil(math.log10(max(every)))
    total = LEFT + len(times) * (WIDTH + GAP)
    bottom = TOP + HEIGHT
    parts = []
    for power in range(low, high + 1):
        y = bottom - (power - low) / (high - low) * HEIGHT
        parts.append(_text(LEFT - 8, y + 4, f"{10.0**power:g} ms", anchor="end"))
        parts += [
            f'<path class="g" d="M{left} {y:.1f}h{WIDTH}"/>' for left in _lefts(times)
        ]
    for left, (database, subjects) in zip(_lefts(times), times.items(), strict=True):
        parts.append(_text(left, TOP - 12, database, kind="h"))
        parts.append(_text(left, bottom + 18, "row 0"))
        parts.append(_text(left + WIDTH, bottom + 18, f"{ROWS:,}", anchor="end"))
        for subject, points in subjects.items():
            _, colour, dashes = SUBJECTS[subject]
            place = " ".join(
                f"{left + depth / ROWS * WIDTH:.1f},"
                f"{bottom - (math.log10(ms) - low) / (high - low) * HEIGHT:.1f}"
                for depth, ms in sorted(points.items())
            )
            parts.append(
                f'<polyline points="{place}" stroke="{colour}" '
                f'stroke-dasharray="{dashes}"/>'
            )
    for index, (name, colour, dashes) in enumerate(SUBJECTS.values()):
        x, y = LEFT + index % 2 * 260, bottom + 46 + index // 2 * 20
        parts.append(
            f'<path d="M{x} {y - 4}h30" stroke="{colour}" stroke-dasharray="{dashes}"/>'
        )
        parts.append(_text(x + 38, y, name))
    style = (
        "text{font:13px sans-serif;fill:#222}.h{font-weight:bold}"
        "polyline,path{fill:none;stroke-width:2}.g{stroke:#ddd;stroke-width:1}"
    )
    height = bottom + 84
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{height}" '
        f'viewBox="0 0 {total} {height}"><style>{style}</style>'
        f'<rect width="{total}" height="{height}" fill="#fff"/>'
        f"{_text(LEFT, 20, 'A page of 20 out of 1,000,000 rows', kind='h')}"
        f"{''.join(parts)}</svg>\n"
    )


def _lefts(times: Times) -> list[int]:
    return [LEFT + index * (WIDTH + GAP) for index in range(len(times))]


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(read(Path(sys.argv[1]))), encoding="utf-8")
