"""The ratios of a run as an SVG of horizontal bars."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.loop import AGAIN
from benchmarks.ratios import Ratio
from benchmarks.report import Result

ROW, LEFT, WIDTH, RIGHT = 22, 220, 480, 190


def draw(title: str, results: Sequence[Result]) -> str:
    """Return a picture: each bar is a ratio to the baseline of its case."""
    parts: list[str] = []
    y = 30
    for result in results:
        parts.append(_text(10, y + 16, f"{result.case.name}: {result.case.title}", "h"))
        y += ROW + 4
        shown = {name: each for name, each in result.ratios.items() if name != AGAIN}
        longest = max(each.high for each in shown.values())
        for name, each in shown.items():
            parts += _bar(y, name, each, longest)
            y += ROW
        y += 14
    total = LEFT + WIDTH + RIGHT
    style = (
        "text{font:13px sans-serif;fill:#222}.h{font-weight:bold}"
        ".b{fill:#4c78a8}.i{stroke:#222;stroke-width:1.5}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{y}" '
        f'viewBox="0 0 {total} {y}"><style>{style}</style>'
        f'<rect width="{total}" height="{y}" fill="#fff"/>'
        f"{_text(10, 20, title, 'h')}{''.join(parts)}</svg>\n"
    )


def _bar(y: int, name: str, found: Ratio, longest: float) -> list[str]:
    middle, low, high = (each * WIDTH / longest for each in found)
    line = y + (ROW - 6) / 2
    rect = f'x="{LEFT}" y="{y}" width="{middle:.1f}" height="{ROW - 6}"'
    span = f'x1="{LEFT + low:.1f}" y1="{line}" x2="{LEFT + high:.1f}" y2="{line}"'
    return [
        _text(10, y + 13, name),
        f'<rect class="b" {rect}/><line class="i" {span}/>',
        _text(LEFT + WIDTH + 10, y + 13, f"x {found}"),
    ]


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'
