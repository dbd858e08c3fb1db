"""Officers with passkeys at real desks, each in a browser profile of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from playwright.sync_api import Browser, Page, ViewportSize, expect

from escrow.party import Party
from protocol.epochs import Role
from service.pages import built_page
from tests.browser.conftest import VisitorTown, aside
from tests.support.desk import invite, running_desk

DESKTOP = ViewportSize(width=1280, height=800)
PASSKEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""A device that has made sure who holds it."""


class Desks:
    """The desks of both parties of a town."""

    def __init__(self, town: VisitorTown) -> None:
        parties: tuple[Party, ...] = (town.world.operator, town.world.authority)
        self.parties = {party.role: party for party in parties}

    def url(self, role: Role) -> str:
        """Where a party's officers go."""
        return f"{self.parties[role].settings.desk_url}/desk/"

    def invite(self, role: Role, name: str) -> str:
        """The link with which an officer enrols."""
        return aside(lambda: invite(self.parties[role], name))

    def establish(self, role: Role) -> None:
        """Put everybody who has enrolled into force, as custodians do on the command line."""
        officers, url = self.parties[role].officers, self.parties[role].settings.desk_url
        made = officers.next_set(url, officers.passkeys_by_name(), {})
        aside(lambda: officers.install(made, by_custodians=True))


@contextmanager
def running_desks(town: VisitorTown, built: Path) -> Iterator[Desks]:
    """Both desks, with the page as it was built there, until the context ends."""
    desks = Desks(town)
    with ExitStack() as running:
        running.enter_context(patch("escrow.desk.server.built_page", partial(built_page, folder=built)))
        for party in desks.parties.values():
            running.enter_context(_aside(running_desk(party)))
        yield desks


@contextmanager
def _aside(context: AbstractContextManager[str]) -> Iterator[None]:
    """The same, entered and left in another thread."""
    aside(context.__enter__)
    try:
        yield
    finally:
        aside(lambda: context.__exit__(None, None, None))


class OfficersBrowser:
    """An officer at a browser with a passkey of its own."""

    def __init__(self, browser: Browser, name: str, **look: Any) -> None:
        self.name, self.wrong = name, list[str]()
        self.context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-US", **look})
        self.context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        self.context.on("console", lambda message: self._note(message.type, message.text))
        self.page: Page = self.context.new_page()
        session = self.context.new_cdp_session(self.page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEY})

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.wrong.append(text)

    def enrol(self, link: str) -> str:
        """Make a passkey with a link; its fingerprint, as the officer reads it out."""
        self.page.goto(link)
        self.page.get_by_role("button", name=re.compile("^(Make a passkey|패스키 만들기)$")).click()
        fingerprint = self.page.locator(".fingerprint").inner_text()
        assert "#" not in self.page.url
        return fingerprint.replace(" ", "")

    def sign_in(self, url: str) -> None:
        """Open the desk and sign in."""
        self.page.goto(url)
        self.page.get_by_role("button", name=re.compile("Sign in with a passkey|패스키로 로그인")).click()
        expect(self.page.locator(".officer")).to_have_text(self.name)

    def go(self, screen: str) -> None:
        """Go to a screen by the bar above."""
        self.page.locator(f"nav [data-screen=desk-{screen}]").click()

    def approve(self) -> None:
        """Read what is on the screen back, and sign it."""
        self.page.get_by_role("button", name="Read back and approve").click()
        self.sign("Sign with my passkey")

    def refuse(self, reason: str) -> None:
        """Refuse what is on the screen."""
        self.page.get_by_role("button", name="Refuse", exact=True).click()
        self.page.get_by_label("Reason").fill(reason)
        self.page.get_by_role("button", name="Go on").click()
        self.sign("Refuse with my passkey")

    def sign(self, button: str) -> None:
        """Say that all is read, and have the passkey sign."""
        self.page.get_by_role("checkbox", name="I have read all of it").check()
        self.page.get_by_role("button", name=button).click()
        expect(self.page.locator("dialog")).to_have_count(0)

    def close(self) -> None:
        """Close the browser; no script may have thrown in it, and no policy been broken."""
        self.context.close()
        assert self.wrong == []
