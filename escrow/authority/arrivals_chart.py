"""When people came, as a picture: an SVG with a bar for each hour. Spec: §6.8."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from service.clock import HOUR

BAR, HEIGHT, LEFT, TOP, BOTTOM = 14, 200, 70, 30, 70
RIGHT = 60
"""Room for the last hour's label, which leans over to the right."""
NARROWEST = 320
"""Has room for the title."""
LABEL_EVERY, LABEL_ROOM = 6, 3
"""Every sixth hour has a label, and the first one unless another follows within so many hours."""


def arrivals_svg(times: Iterable[int], utc_offset: int) -> str:
    """A chart of so many arrivals (Unix seconds) in each hour, from the first to the last, in local time."""
    hours = Counter((time + utc_offset) // HOUR for time in times)
    first, last = (min(hours), max(hours)) if hours else (0, -1)
    most = max(hours.values(), default=0)
    bars, height = (last - first + 1) * BAR, TOP + HEIGHT + BOTTOM
    width = max(NARROWEST, LEFT + bars + RIGHT)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="10">',
        f'<text x="{LEFT}" y="16" font-size="12">Arrivals in each hour ({sum(hours.values())} in all)</text>',
        f'<path d="M{LEFT} {TOP}V{TOP + HEIGHT}H{LEFT + bars}" fill="none" stroke="black"/>',
        f'<text transform="translate(16 {TOP + HEIGHT // 2}) rotate(-90)" text-anchor="middle">arrivals</text>',
    ]
    for level in sorted({0, most // 2, most}):
        y = TOP + HEIGHT - _height(level, most)
        drawn.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{level}</text>')
    next_label = first + -first % LABEL_EVERY
    for hour in range(first, last + 1):
        x, high = LEFT + (hour - first) * BAR, _height(hours[hour], most)
        moment = datetime.fromtimestamp(hour * HOUR, UTC)  # the hours are local ones already
        drawn.append(
            f'<rect x="{x + 1}" y="{TOP + HEIGHT - high}" width="{BAR - 2}" height="{high}" fill="#27689b">'
            f"<title>{moment:%Y-%m-%d %H}:00, {hours[hour]}</title></rect>"
        )
        if hour % LABEL_EVERY == 0 or (hour == first and not first < next_label <= min(last, first + LABEL_ROOM)):
            shown = f"{moment:%m-%d %H:00}"
            drawn.append(f'<text transform="translate({x + 8} {TOP + HEIGHT + 12}) rotate(45)">{shown}</text>')
    return "\n".join([*drawn, "</svg>", ""])


def _height(count: int, most: int) -> int:
    return HEIGHT * count // most if most else 0
