"""Variants with a page for visitors that is on record, and with others. Spec: §6.7 step 10."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance.corpus.recording import Answer
from conformance.corpus.story import AUDITED, HOUR, World, tell
from conformance.vectors.world import DOMAIN
from protocol.epochs import Domain, Role
from protocol.transparency.log_entries import PagePublished
from protocol.transparency.page_records import PageRecord, describe_file

INDEX, SCRIPT, PINNED, RECORD = "index.html", "main-1a2b3c4d.js", "domain.json", "record.cbor"
ADDRESS = "GET /visitor/"
POLICY = "default-src 'none'; script-src 'self'"
TYPES = {INDEX: "text/html; charset=utf-8", SCRIPT: "text/javascript; charset=utf-8", PINNED: "application/json"}

Files = dict[str, Answer]


def _file(name: str, content: str, policy: str = POLICY) -> Answer:
    headers = {"Content-Type": TYPES[name], "Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return Answer(content.encode(), headers=headers)


def _page(script: str = "{ document.title = 'SplitPass'; }", domain: Domain = DOMAIN) -> Files:
    pinned = {
        "number": domain.number,
        "utc_offset": domain.utc_offset,
        "allowance": domain.allowance,
        "operator": {"key": bytes(domain.operator_key).hex(), "url": "https://operator.example"},
        "authority": {"key": bytes(domain.authority_key).hex(), "url": "https://authority.example"},
    }
    index = f'<!doctype html><title>SplitPass</title><script type="module" src="{SCRIPT}"></script>'
    return {
        PINNED: _file(PINNED, json.dumps(pinned)),
        INDEX: _file(INDEX, index),
        SCRIPT: _file(SCRIPT, script),
    }


def _put_on_record(world: World, number: int, files: Files) -> PageRecord:
    described = (describe_file(name, file.body, file.headers.items()) for name, file in sorted(files.items()))
    record = PageRecord(number, tuple(described))
    world.operator.say(AUDITED - (3 - number) * HOUR, PagePublished(number, record.digest))
    return record


def _serve(world: World, record: PageRecord | None, files: Files) -> None:
    answers = {f"{ADDRESS}{name}": file for name, file in files.items()}
    if record is not None:
        answers[f"{ADDRESS}{RECORD}"] = Answer(record.to_bytes())
    if INDEX in files:
        answers[ADDRESS] = files[INDEX]
    world.instead[Role.OPERATOR] |= answers


def _with_page(on_record: Files, served: Files | None = None) -> World:
    """A page of number 0 is on record, and this or another one is served with its record."""
    world = tell()
    _serve(world, _put_on_record(world, 0, on_record), on_record if served is None else served)
    if served is not None:
        world.found(Role.OPERATOR, "unlogged-page", number=0)
    return world


def clean_page() -> World:
    """The operator serves the page for visitors that is on record."""
    return _with_page(_page())


def clean_page_withdrawn() -> World:
    """The operator serves no page any more, and says so in its log."""
    world = tell()
    _put_on_record(world, 0, _page())
    _put_on_record(world, 1, {})
    return world


def clean_page_as_before() -> World:
    """The operator goes back to a page that it served before another one."""
    world = tell()
    for number, script in enumerate(("{ 1; }", "{ 2; }", "{ 1; }")):
        record = _put_on_record(world, number, _page(script))
    _serve(world, record, _page("{ 1; }"))
    return world


def unlogged_page() -> World:
    """A script of the page is not the one on record."""
    return _with_page(_page(), _page("{ fetch('https://elsewhere.example'); }"))


def unlogged_page_index() -> World:
    """The address of the page gives another document than its index on record."""
    world = _with_page(_page(), _page())
    world.instead[Role.OPERATOR][ADDRESS] = _file(INDEX, "<!doctype html><title>SplitPass!</title>")
    return world


def unlogged_page_headers() -> World:
    """A document of the page has another policy than on record."""
    files = _page()
    return _with_page(files, files | {INDEX: _file(INDEX, files[INDEX].body.decode(), f"{POLICY} 'unsafe-inline'")})


def unlogged_page_of_another_domain() -> World:
    """The page on record pins another domain."""
    other = replace(DOMAIN, authority_key=DOMAIN.operator_key, operator_key=DOMAIN.authority_key)
    return _with_page(_page(domain=other), _page(domain=other))


def unlogged_page_missing() -> World:
    """The page lacks a file that is on record."""
    files = _page()
    return _with_page(files, {name: file for name, file in files.items() if name != SCRIPT})


def unlogged_page_from_before() -> World:
    """The operator serves the page before the one that its log has last, with the record of that."""
    world = tell()
    before = _put_on_record(world, 0, _page())
    _put_on_record(world, 1, _page("{ 2; }"))
    _serve(world, before, _page())
    world.found(Role.OPERATOR, "unlogged-page", number=1)
    return world


def unlogged_page_without_an_entry() -> World:
    """The operator serves a page, and its log has none."""
    world = tell()
    _serve(world, None, _page())
    world.found(Role.OPERATOR, "unlogged-page")
    return world


VARIANTS = (
    clean_page,
    clean_page_withdrawn,
    clean_page_as_before,
    unlogged_page,
    unlogged_page_index,
    unlogged_page_headers,
    unlogged_page_of_another_domain,
    unlogged_page_missing,
    unlogged_page_from_before,
    unlogged_page_without_an_entry,
)
