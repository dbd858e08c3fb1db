"""The short measurements: threads, QR codes, waiting for the disk, searching notices, readers, pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.disk import measure_appends
from benchmarks.lists import BUDGET_MEGABYTES, BUDGET_SECONDS, measure_searches
from benchmarks.page import (
    BUDGET_ANSWER_SECONDS,
    BUDGET_KILOBYTES,
    BUDGET_PAINT_SECONDS,
    BUDGET_PASSES_SECONDS,
    measure_page,
)
from benchmarks.qr import measure_qr
from benchmarks.reader import DECODERS, measure_reader
from benchmarks.section import Effort, Result, Section, Table, reaches
from benchmarks.session import make_session
from benchmarks.threads import issuing_per_second
from protocol.qr_text import to_qr_text

ROUNDS = {Effort.QUICK: 5, Effort.USUAL: 41, Effort.FULL: 101}


def _threads(effort: Effort) -> Result:
    rates = issuing_per_second(make_session(), ROUNDS[effort])
    return {"passes_per_second": {str(threads): rate for threads, rate in rates.items()}}


def _threads_tables(result: Result) -> Sequence[Table]:
    rows = [(threads, f"{rate:.0f}") for threads, rate in result["passes_per_second"].items()]
    return [Table("Passes issued", ("threads", "passes a second"), rows)]


def _qr(effort: Effort) -> Result:
    return asdict(measure_qr(make_session().check_ins[: ROUNDS[effort]]))


def _qr_tables(result: Result) -> Sequence[Table]:
    rows = [
        ("bytes of the check-in", str(result["message_bytes"])),
        ("characters", str(result["characters"])),
        ("version, error correction M", str(result["version"])),
        ("modules on a side", str(result["modules"])),
        ("rendering, ms", f"{result['render_milliseconds']:.1f}"),
        ("reading with zbar, ms", f"{result['read_milliseconds']:.1f}"),
        ("read back", f"{result['read_back']} of {result['codes']}"),
    ]
    return [Table("The code of a check-in", ("what", ""), rows)]


def _appends(effort: Effort) -> Result:
    appends = measure_appends(make_session(), 5 * ROUNDS[effort])
    return {**asdict(appends), "floor_milliseconds": appends.floor_milliseconds}


def _appends_tables(result: Result) -> Sequence[Table]:
    ratio = result["milliseconds"] / result["floor_milliseconds"]
    row = (
        str(result["entries"]),
        f"{result['milliseconds']:.2f}",
        f"{result['floor_milliseconds']:.2f}",
        f"{ratio:.2f}",
        str(result["syncs"]),
        f"{result['sync_milliseconds']:.2f}",
    )
    return [Table("Appending to a log", ("entries", "ms", "floor ms", "ratio", "waits", "ms each"), [row])]


def _searches(_effort: Effort) -> Result:
    return {search.program: asdict(search) for search in measure_searches(make_session())}


def _searches_tables(result: Result) -> Sequence[Table]:
    rows = [
        (
            program,
            f"{one['seconds']:.2f}",
            f"{one['floor_seconds']:.2f}",
            f"{one['seconds'] / one['floor_seconds']:.2f}",
            f"{one['peak_megabytes']:.0f}",
            f"{one['floor_megabytes']:.0f}",
            f"{reaches(one['seconds'], BUDGET_SECONDS)}, {reaches(one['peak_megabytes'], BUDGET_MEGABYTES)} MB",
        )
        for program, one in result.items()
    ]
    one = next(iter(result.values()))
    title = f"Searching {one['digests']:,} digests ({one['megabytes']:.0f} MB) for {one['passes']} passes"
    columns = ("program", "seconds", "floor", "ratio", "peak MB", "floor MB", "a phone's budget")
    return [Table(title, columns, rows)]


def _reader(effort: Effort) -> Result:
    texts = [to_qr_text(message) for message in make_session().check_ins[:12]]
    return {one.kind: asdict(one) for one in measure_reader(texts, 4 if effort is Effort.QUICK else 24)}


def _reader_tables(result: Result) -> Sequence[Table]:
    rows = [
        (
            kind,
            str(one["frames"]),
            *(str(one["read"].get(name, "–")) for name in DECODERS),
            *(f"{one['milliseconds'][name]:.1f}" if name in one["milliseconds"] else "–" for name in DECODERS),
        )
        for kind, one in result.items()
    ]
    columns = ("kind", "frames", *DECODERS, *(f"{name} ms" for name in DECODERS))
    return [Table("Altered frames of 640 x 480 that were read, and the median of a frame", columns, rows)]


def _page(effort: Effort) -> Result:
    measured = measure_page(ROUNDS[effort])
    return {"missing": measured} if isinstance(measured, str) else asdict(measured)


def _page_tables(result: Result) -> Sequence[Table]:
    if "missing" in result:
        return [Table("Pages", ("what", "measured"), [(result["missing"], "")])]
    rows = [
        (what, f"{measured:.2f}", reaches(measured, budget))
        for what, measured, budget in (
            ("what opening it loads, kB compressed", result["kilobytes"], BUDGET_KILOBYTES),
            ("first paint without a network, s", result["paint_seconds"], BUDGET_PAINT_SECONDS),
            ("twelve passes requested and accepted, s", result["passes_seconds"], BUDGET_PASSES_SECONDS),
            ("from a code in a door's view to the answer, s", result["door_answer_seconds"], BUDGET_ANSWER_SECONDS),
        )
    ]
    note = (
        f"With the screens that come later the visitors' page is {result['all_kilobytes']:.0f} kB, without what reads "
        f"codes. For use without a network the browser fetches {result['worker_kilobytes']:.0f} kB more, once the page "
        "is shown."
    )
    return [Table("Pages", ("what", "measured", "budget"), rows, note)]


THREADS = Section(
    "threads",
    "Cores",
    "libsodium gives up Python's lock while it works, so that threads use several cores.",
    _threads,
    _threads_tables,
)
QR = Section("qr", "The QR code", "Rendered and read back, as at a door.", _qr, _qr_tables)
APPENDS = Section(
    "appends",
    "The log on a disk",
    "An entry is in the log when the disk has it. The floor is the waiting alone.",
    _appends,
    _appends_tables,
)
SEARCHES = Section(
    "searches",
    "A phone that was away",
    "It verifies and searches every list of notices that it has missed (§7.1), in a process that does nothing else.",
    _searches,
    _searches_tables,
)
READER = Section(
    "reader",
    "Reading codes",
    "Codes on a screen before a camera, altered more and more in one way. `page` is zxing-wasm in the doors' page.",
    _reader,
    _reader_tables,
)
PAGE = Section(
    "page",
    "Pages",
    "The visitors' page as a phone loads it, and a door's page whose camera sees one visitor after the other.",
    _page,
    _page_tables,
)
