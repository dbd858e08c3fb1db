"""All lists that a visitor fetches. Spec: §3.12, §3.13."""

from __future__ import annotations

from functools import partial

from client.lists import ListSource
from client.visitor import Visitor
from protocol.disclosures import Disclosure, verify_disclosure
from protocol.epochs import Role
from protocol.notices import VerifiedNotice, verify_notice

Source = ListSource[VerifiedNotice] | ListSource[Disclosure]


def notices_source(visitor: Visitor) -> ListSource[VerifiedNotice]:
    """The notices of both parties, which the authority gives."""
    role, directory = Role.AUTHORITY, visitor.home / "lists"
    verify = partial(verify_notice, visitor.domain)
    return ListSource(role, "notices", visitor.servers.files(role), directory, verify, visitor.settings.retention_days)


def disclosures_source(visitor: Visitor, role: Role) -> ListSource[Disclosure]:
    """A party's disclosures."""
    directory, verify = visitor.home / "lists", partial(verify_disclosure, visitor.domain, role)
    return ListSource(role, "disclosures", visitor.servers.files(role), directory, verify, visitor.settings.memory_days)


def list_sources(visitor: Visitor) -> list[Source]:
    """All lists that a visitor fetches."""
    return [notices_source(visitor), *(disclosures_source(visitor, role) for role in Role)]
