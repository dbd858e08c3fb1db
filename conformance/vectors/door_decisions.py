"""Vectors of §3.8 and §4.2: what a door says to codes that are shown or sent, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from base45 import b45encode

from conformance.vectors.check_ins import MIDNIGHT
from conformance.vectors.files import VectorFile
from conformance.vectors.pinned import Draws, flip, pinned
from conformance.vectors.world import EPOCH, EPOCH_KEY, NUMBER, PASSES, SETTING, TIME, VENUE
from protocol.check_ins import CheckInMessage, Direction, label_time, sign_check_in
from protocol.epochs import MAX_STAY
from protocol.http_messages import Decision
from protocol.paper_passes import PAPER_PREFIX, PaperPass, from_paper_text, print_pass
from protocol.primitives.group import Scalar
from protocol.qr_text import encode_text, to_qr_text

NOW = label_time(TIME)
TOLERANCE = 30
PAPER_STAY = 60
ENTRY, EXIT = Direction
ADMITTED = Decision.ADMITTED
FIRST_DAY = EPOCH_KEY.domain.epoch_begins(EPOCH)


@dataclass(frozen=True)
class Shown:
    """A code that a door is given when its clock says `clock`, and what it says to it."""

    code: str
    clock: int
    decision: Decision


def _check_in(time: int, direction: Direction = ENTRY, owned: int = 0, venue: bytes | None = None) -> CheckInMessage:
    draws = Draws(f"door {time} {direction.name} {owned}")
    return sign_check_in(EPOCH_KEY, PASSES[owned], time, direction, venue, draws)


def _text(time: int, direction: Direction = ENTRY, owned: int = 0) -> str:
    return to_qr_text(_check_in(time, direction, owned))


def _forged(message: CheckInMessage, position: int = -1) -> str:
    return to_qr_text(replace(message, signed_pass=flip(message.signed_pass, position)))


def _sent(message: CheckInMessage) -> str:
    return message.to_bytes().hex()


PAPER_TEXT = print_pass(EPOCH_KEY, PASSES[1], Draws("door paper"))
PAPER = from_paper_text(PAPER_TEXT)


def _paper(paper: PaperPass) -> str:
    return encode_text(PAPER_PREFIX, paper.to_bytes())


def _reading() -> dict[str, list[Shown]]:
    entry = _text(NOW)
    scanned = _check_in(NOW, venue=VENUE.venue_id)
    elsewhere = _check_in(NOW, owned=1, venue=pinned("elsewhere", 16))
    naming_a_venue = "SP1:" + b45encode(scanned.to_bytes()).decode()
    return {
        "an entry and its exit": [
            Shown(entry, NOW + 5, ADMITTED),
            Shown(_text(NOW + 600, EXIT), NOW + 600, ADMITTED),
        ],
        "what is no code": [
            Shown("https://example.com/", NOW, Decision.UNREADABLE),
            Shown("SP1:", NOW, Decision.UNREADABLE),
            Shown(entry + "0", NOW, Decision.UNREADABLE),
            Shown(PAPER_TEXT[:-3], NOW, Decision.UNREADABLE),
            Shown(entry, NOW, ADMITTED),
        ],
        "a text that names a venue": [Shown(naming_a_venue, NOW, Decision.UNREADABLE)],
        "sent to the venue's server": [
            Shown(_sent(scanned), NOW, ADMITTED),
            Shown(_sent(elsewhere), NOW, Decision.OTHER_VENUE),
            Shown(_sent(_check_in(NOW, owned=2)), NOW, ADMITTED),
        ],
        "another domain": [
            Shown(to_qr_text(replace(_check_in(NOW), domain=NUMBER + 1)), NOW, Decision.UNKNOWN_DOMAIN),
            Shown(_sent(replace(elsewhere, domain=NUMBER + 1)), NOW, Decision.UNKNOWN_DOMAIN),
            Shown(_paper(replace(PAPER, domain=NUMBER + 1)), NOW, Decision.UNKNOWN_DOMAIN),
        ],
        "another venue, too late": [Shown(_sent(elsewhere), NOW + 3600, Decision.OTHER_VENUE)],
    }


def _times() -> dict[str, list[Shown]]:
    first, last = NOW - TOLERANCE, NOW + TOLERANCE
    return {
        "as early as it may be": [
            Shown(_text(NOW), first - 1, Decision.TOO_EARLY),
            Shown(_text(NOW), first, ADMITTED),
        ],
        "as late as it may be": [
            Shown(_text(NOW), last + 1, Decision.TOO_OLD),
            Shown(_text(NOW), last, ADMITTED),
        ],
        "an exit as long after its entry as it may be": [
            Shown(_text(NOW), NOW, ADMITTED),
            Shown(_text(NOW + MAX_STAY + 15, EXIT), NOW + MAX_STAY, Decision.NO_ENTRY),
            Shown(_text(NOW + MAX_STAY, EXIT), NOW + MAX_STAY, ADMITTED),
        ],
        "an exit with its entry's time, and one before it": [
            Shown(_text(NOW), NOW, ADMITTED),
            Shown(_text(NOW - 15, EXIT), NOW, Decision.NO_ENTRY),
            Shown(_text(NOW, EXIT), NOW, ADMITTED),
        ],
        "an exit without an entry": [Shown(_text(NOW, EXIT), NOW, Decision.NO_ENTRY)],
        "an exit after midnight": [
            Shown(_text(MIDNIGHT - 15), MIDNIGHT - 1, ADMITTED),
            Shown(_text(MIDNIGHT + 15, EXIT), MIDNIGHT + 15, ADMITTED),
        ],
        "an entry after midnight": [Shown(_text(MIDNIGHT), MIDNIGHT, Decision.UNKNOWN_EPOCH)],
    }


def _forgeries() -> dict[str, list[Shown]]:
    entry, leaving = _check_in(NOW), _check_in(MIDNIGHT + 15, EXIT)
    return {
        "a label that was altered": [
            Shown(_forged(entry), NOW, Decision.FORGED),
            Shown(to_qr_text(replace(entry, time=NOW + 15)), NOW, Decision.FORGED),
            Shown(_text(NOW), NOW, ADMITTED),
        ],
        "a pass that was altered": [Shown(_forged(entry, 70), NOW, Decision.FORGED)],
        "a false exit that may be of a day whose keys are missing": [
            Shown(_forged(leaving), MIDNIGHT + 15, Decision.UNKNOWN_EPOCH)
        ],
        "a false exit before anybody came in": [Shown(_forged(_check_in(NOW, EXIT)), NOW, Decision.FORGED)],
        "false codes of a pass that was spent": [
            Shown(_text(NOW), NOW, ADMITTED),
            Shown(_forged(entry), NOW, Decision.FORGED),
            Shown(_text(NOW), NOW, Decision.ALREADY_SPENT),
        ],
        "a false paper": [
            Shown(_paper(replace(PAPER, delegation=flip(PAPER.delegation, -1))), NOW, Decision.FORGED),
            Shown(_paper(replace(PAPER, public_pass=flip(PAPER.public_pass, -1))), NOW, Decision.FORGED),
            Shown(_paper(replace(PAPER, k=Scalar(bytes(32)))), NOW, Decision.FORGED),
        ],
    }


def _spending() -> dict[str, list[Shown]]:
    return {
        "an entry twice": [
            Shown(_text(NOW), NOW, ADMITTED),
            Shown(_text(NOW), NOW, Decision.ALREADY_SPENT),
            Shown(_text(NOW + 15), NOW + 15, Decision.ALREADY_SPENT),
            Shown(_text(NOW + 15, owned=2), NOW + 15, ADMITTED),
        ],
        "an exit twice, and an entry after it": [
            Shown(_text(NOW), NOW, ADMITTED),
            Shown(_text(NOW + 15, EXIT), NOW + 15, ADMITTED),
            Shown(_text(NOW + 30, EXIT), NOW + 30, Decision.ALREADY_SPENT),
            Shown(_text(NOW + 45), NOW + 45, Decision.ALREADY_SPENT),
        ],
        "a paper comes and goes": [
            Shown(PAPER_TEXT, NOW + 14, ADMITTED),
            Shown(PAPER_TEXT, NOW + PAPER_STAY - 1, Decision.ALREADY_SPENT),
            Shown(PAPER_TEXT, NOW + PAPER_STAY, ADMITTED),
            Shown(PAPER_TEXT, NOW + 2 * PAPER_STAY, Decision.ALREADY_SPENT),
        ],
        "a paper goes after midnight": [
            Shown(PAPER_TEXT, MIDNIGHT - 1, ADMITTED),
            Shown(PAPER_TEXT, MIDNIGHT + PAPER_STAY, ADMITTED),
        ],
        "a paper goes as late as it may": [
            Shown(PAPER_TEXT, FIRST_DAY, ADMITTED),
            Shown(PAPER_TEXT, FIRST_DAY + MAX_STAY + 1, Decision.ALREADY_SPENT),
            Shown(PAPER_TEXT, FIRST_DAY + MAX_STAY, ADMITTED),
        ],
        "a paper of another day": [
            Shown(PAPER_TEXT, MIDNIGHT, Decision.TOO_OLD),
            Shown(PAPER_TEXT, FIRST_DAY - 1, Decision.TOO_EARLY),
        ],
        "in on a screen, out on paper": [
            Shown(_text(NOW, owned=1), NOW, ADMITTED),
            Shown(PAPER_TEXT, NOW + 15, Decision.ALREADY_SPENT),
            Shown(PAPER_TEXT, NOW + PAPER_STAY, ADMITTED),
        ],
        "in on paper, out on a screen": [
            Shown(PAPER_TEXT, NOW, ADMITTED),
            Shown(_text(NOW + 15, owned=1), NOW + 15, Decision.ALREADY_SPENT),
            Shown(_text(NOW + 15, EXIT, owned=1), NOW + 15, ADMITTED),
        ],
    }


def stories() -> dict[str, list[Shown]]:
    """What a door with the keys of the setting is shown, one code after the other, by what it is about."""
    return _reading() | _times() | _forgeries() | _spending()


def door_decisions() -> VectorFile:
    """`Gate.decide_text`, and for what is sent `Gate.decide`."""
    file = VectorFile(
        "door-decisions",
        "What a door says to codes that it is given one after the other; it begins with an empty store",
        "§3.8",
        {
            "check.epochs": "the epochs whose keys the door has: that of the setting, or none",
            "check.venue": "the door's venue, 16 bytes",
            "check.tolerance": "seconds between a label's time and the door's clock",
            "check.codes": "the text of a code that is shown; or a CheckInMessage in hex that is sent to the venue",
            "check.clocks": "what the door's clock says at each code, in Unix seconds",
            "result.decisions": "the number of the decision on each code (§4.2)",
        },
        SETTING,
    )

    def add(name: str, story: list[Shown], epochs: list[int], tolerance: int) -> None:
        file.accept(
            name,
            check={
                "epochs": epochs,
                "venue": VENUE.venue_id,
                "tolerance": tolerance,
                "codes": [shown.code for shown in story],
                "clocks": [shown.clock for shown in story],
            },
            result={"decisions": [int(shown.decision) for shown in story]},
        )

    for name, story in stories().items():
        add(name, story, [EPOCH], TOLERANCE)
    no_keys = [
        Shown(_text(NOW), NOW, Decision.UNKNOWN_EPOCH),
        Shown(PAPER_TEXT, NOW, Decision.UNKNOWN_EPOCH),
        Shown(_text(NOW), NOW + TOLERANCE + 1, Decision.TOO_OLD),
    ]
    add("a door without keys", no_keys, [], TOLERANCE)
    exact = [Shown(_text(NOW), NOW + 1, Decision.TOO_OLD), Shown(_text(NOW), NOW, ADMITTED)]
    add("a door without tolerance", exact, [EPOCH], 0)
    return file
