"""When people came, as a picture: an SVG with a bar for each hour. Spec: §6.8."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from service.clock import HOUR

BAR, HEIGHT, LEFT, TOP, BOTTOM = 14, 200, 50, 30, 70


def arrivals_svg(times: Iterable[int], utc_offset: int) -> str:
    """A chart of so many arrivals (Unix seconds) in each hour, from the first to the last, in local time."""
    hours = Counter((time + utc_offset) // HOUR for time in times)
    first, last = (min(hours), max(hours)) if hours else (0, 0)
    most = max(hours.values(), default=0)
    width = LEFT + (last - first + 1) * BAR + 20
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + BOTTOM}" '
        f'width="{width}" font-family="sans-serif" font-size="10">',
        f'<text x="{LEFT}" y="16" font-size="12">Arrivals in each hour ({sum(hours.values())} in all)</text>',
        f'<path d="M{LEFT} {TOP}V{TOP + HEIGHT}H{width - 20}" fill="none" stroke="black"/>',
    ]
    for level in sorted({0, most // 2, most}):
        y = TOP + HEIGHT - _height(level, most)
        drawn.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{level}</text>')
    for hour in range(first, last + 1):
        x, height = LEFT + (hour - first) * BAR, _height(hours[hour], most)
        moment = datetime.fromtimestamp(hour * HOUR, UTC)  # the hours are local ones already
        drawn.append(
            f'<rect x="{x + 1}" y="{TOP + HEIGHT - height}" width="{BAR - 2}" height="{height}" fill="#27689b">'
            f"<title>{moment:%Y-%m-%d %H}:00, {hours[hour]}</title></rect>"
        )
        if hour == first or moment.hour % 6 == 0:
            shown = f"{moment:%m-%d %H:00}"
            drawn.append(f'<text transform="translate({x + 8} {TOP + HEIGHT + 12}) rotate(45)">{shown}</text>')
    return "\n".join([*drawn, "</svg>", ""])


def _height(count: int, most: int) -> int:
    return HEIGHT * count // most if most else 0
