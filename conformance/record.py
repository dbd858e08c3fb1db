"""The venue's record and its poster. Spec: §5.5, §4.3."""

from __future__ import annotations

from io import BytesIO
from secrets import token_bytes

from PIL import Image

from client.posters import is_web_url
from conformance.answer import Answer
from conformance.check import Checks
from conformance.errors import Failed, NotRun
from conformance.tester import Server, Tester
from protocol.primitives.statements import JointStatement
from protocol.warrants import verify_venue
from service.errors import ConfigurationError
from venue.decoding import read_codes

checks = Checks(Server.VENUE)


@checks.add("5.5/unknown-venue")
async def unknown_venue(tester: Tester) -> None:
    """A venue that the server does not serve is refused with 404, `unknown-venue`."""
    answer = await tester.get(Server.VENUE, f"/v1/venues/{token_bytes(16).hex()}/0")
    answer.expect_problem(404, "unknown-venue")


@checks.add("5.5/record", "--domain", "--venue-id")
async def record(tester: Tester) -> None:
    """`GET /v1/venues/{venue}/{domain}` answers the `JointStatement` of that `Venue`, or `not-registered`."""
    answer = await tester.get(Server.VENUE, tester.venue_path)
    if answer.is_problem(404, "not-registered"):
        raise NotRun("the venue is not registered: have both parties sign it")
    tester.record = verify_venue(tester.domain, answer.expect_message(JointStatement)).record
    if tester.record.venue_id != tester.options.venue_id:
        raise Failed("the record is of another venue")


@checks.add("5.5/url", "5.5/record")
async def url(tester: Tester) -> None:
    """The record's `url` is a base URL without a slash at its end, or empty."""
    address = tester.venue.url
    if address and (address.endswith("/") or not is_web_url(address)):
        raise Failed(f"the record says {address!r}")


@checks.add("5.5/poster-svg", "5.5/record")
async def poster_svg(tester: Tester) -> None:
    """`GET /v1/venues/{venue}/poster.svg` answers a picture, or `no-scan-mode` for a venue without a URL."""
    _picture(tester, await tester.get(Server.VENUE, f"{_poster_path(tester)}.svg"), "image/svg+xml")


@checks.add("5.5/poster-png", "5.5/record")
async def poster_png(tester: Tester) -> None:
    """`GET …/poster.png` answers a picture whose QR code is the venue's link, or `no-scan-mode`."""
    picture = _picture(tester, await tester.get(Server.VENUE, f"{_poster_path(tester)}.png"), "image/png")
    if picture is None:
        return
    try:
        with Image.open(BytesIO(picture)) as image:
            texts = read_codes(image.convert("L"))
    except ConfigurationError as error:
        raise NotRun(str(error)) from None
    except (OSError, ValueError, SyntaxError) as error:
        raise Failed(f"the poster is not a whole picture ({type(error).__name__})") from None
    if len(texts) != 1:
        raise Failed(f"{len(texts)} QR codes could be read from the poster; expected one")
    if texts[0] != f"{tester.venue.url}/v/{tester.venue.venue_id.hex()}":
        raise Failed(f"the QR code is not the link of this venue: {texts[0][:160]}")


def _poster_path(tester: Tester) -> str:
    return f"/v1/venues/{tester.venue.venue_id.hex()}/poster"


def _picture(tester: Tester, answer: Answer, media_type: str) -> bytes | None:
    if not tester.venue.url:
        answer.expect_problem(404, "no-scan-mode")
        return None
    body = answer.expect(200)
    if answer.media_type != media_type:
        raise Failed(f"{answer}; expected {media_type}")
    return body
