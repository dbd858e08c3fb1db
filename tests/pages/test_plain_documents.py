"""What servers tell whoever opens their address, or a poster's link, in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from lab.town import Place
from protocol.epochs import Role
from tests.pages.browser import Answer, get
from tests.support.town import Town, run_town

NAME = "<b>Café</b> & 바"


class Document(HTMLParser):
    """The elements of a document, their attributes, and its text by language."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str | None]] = {}
        self.texts = {"ko": "", "en": ""}
        self._language = "ko"
        self.feed(answer.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)
        self._language = dict(attrs).get("lang") or "ko"

    def handle_data(self, data: str) -> None:
        self.texts[self._language] += data


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with run_town(tmp_path_factory.mktemp("town")) as town:
        town.open_venue(NAME)
        yield town


@pytest.fixture
def place(town: Town) -> Place:
    return town.places[0]


@pytest.mark.parametrize("server", ["operator", "authority", "venue"])
def test_a_server_says_what_it_is(town: Town, place: Place, server: str) -> None:
    url = place.url if server == "venue" else town.world.urls[Role[server.upper()]]
    answer = get(f"{url}/")
    document = Document(answer)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "전자출입명부" in document.texts["ko"]
    assert "electronic visitor log" in document.texts["en"]
    assert "script" not in document.tags
    assert all(re.fullmatch(r"/(visitor|door)/", str(link)) for link in document.attributes.get("href", []))


def test_the_page_of_a_poster_helps_and_leads_nowhere(place: Place) -> None:
    answer = get(f"{place.url}/v/{place.id.hex()}")
    document = Document(answer)
    assert answer.status == 200
    assert document.tags == ["html", "meta", "meta", "title", "style", "main", "h1", *["p"] * 6]
    assert document.attributes.keys() == {"lang", "charset", "name", "content"}
    assert NAME in document.texts["ko"]
    for korean, english in (
        ("체크인할 수 없습니다", "cannot check in"),
        ("포스터 스캔", "Scan poster"),
        ("종이", "paper"),
    ):
        assert korean in document.texts["ko"]
        assert english in document.texts["en"]


def test_it_is_the_same_for_everyone_and_tells_nobody(town: Town, place: Place) -> None:
    link = f"{place.url}/v/{place.id.hex()}"
    first, again = get(link), get(link, User_Agent="another", Accept_Language="en")
    assert first.body == again.body
    assert "Set-Cookie" not in first.headers
    assert first.headers["Referrer-Policy"] == "no-referrer"


def test_a_plain_document_can_load_nothing_but_its_own_style(place: Place) -> None:
    answer = get(f"{place.url}/v/{place.id.hex()}")
    (style,) = re.findall("<style>(.*)</style>", answer.body.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("venue", ["00" * 16, "0", "index.html"])
def test_another_poster_is_not_found(place: Place, venue: str) -> None:
    assert get(f"{place.url}/v/{venue}").status == 404
