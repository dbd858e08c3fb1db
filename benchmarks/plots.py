"""The pictures of the page, as SVG."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.results import Results
from benchmarks.section import Result

mpl.rcParams.update({"svg.hashsalt": "splitpass", "svg.fonttype": "none", "font.size": 9})
WIDE = 8
OWN = "#1f6f8b"


def _operations(of: Result) -> Figure:
    names = list(of)[::-1]
    figure = Figure(figsize=(WIDE, 0.24 * len(names) + 0.8), layout="constrained")
    axes: Any = figure.subplots()
    axes.barh(names, [of[name]["ratio"] - 1 for name in names], left=1, color=OWN)
    axes.axvline(1.15, color="black", linewidth=0.8, linestyle=":")
    axes.set_xlabel("times the floor; dotted: the goal")
    return figure


def _peers(of: Result) -> Figure:
    names = list(of)[::-1]
    figure = Figure(figsize=(WIDE, 2.2), layout="constrained")
    axes: Any = figure.subplots()
    places = range(len(names))
    for shift, (key, label) in enumerate(
        (("open_microseconds", "opening"), ("encrypt_microseconds", "at the door"), ("before_microseconds", "before"))
    ):
        values = [max(of[name][key], 1) for name in names]
        axes.barh([place + 0.26 * (shift - 1) for place in places], values, 0.24, label=label)
    axes.set_yticks(list(places), names)
    axes.set_xscale("log")
    axes.set_xlabel("µs of processor a visit, all parties together")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _reader(result: Result) -> Figure:
    kinds = [kind for kind in result if kind != "no code"][::-1]
    decoders = list(next(iter(result.values()))["read"])
    figure = Figure(figsize=(WIDE, 0.34 * len(kinds) + 0.8), layout="constrained")
    axes: Any = figure.subplots()
    height = 0.8 / len(decoders)
    for number, name in enumerate(decoders):
        shares = [result[kind]["read"].get(name, 0) / result[kind]["frames"] for kind in kinds]
        places = [place + height * (number - (len(decoders) - 1) / 2) for place in range(len(kinds))]
        axes.barh(places, shares, height, label=name)
    axes.set_yticks(range(len(kinds)), kinds)
    axes.set_xlabel("share of altered frames that were read")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


PLOTS: dict[str, tuple[str, Callable[[Any], Figure]]] = {
    "operations": ("operations.of", _operations),
    "peers": ("peers.of", _peers),
    "reader": ("reader", _reader),
}
"""By the section that a picture stands in: where its numbers are, and how it is drawn."""


def plots(results: Results) -> dict[str, bytes]:
    """The SVG of every picture whose numbers were measured, by the section's name."""
    drawn = {}
    for name, (path, draw) in PLOTS.items():
        numbers = results.get(path)
        if numbers is not None:
            file = BytesIO()
            draw(numbers).savefig(file, format="svg", metadata={"Date": None})
            drawn[name] = file.getvalue()
    return drawn
