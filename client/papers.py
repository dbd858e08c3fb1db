"""Printing passes for people without a phone. Spec: §3.8.

A pass is burned before it is printed. Its own key is forgotten; the paper has another, which the pass let sign for it.
"""

from __future__ import annotations

from dataclasses import replace

from client.visitor import Visitor
from client.wallet_contents import Paper, Wallet
from protocol.paper_passes import print_pass


def print_papers(visitor: Visitor, epoch: int, count: int) -> list[str]:
    """Burn `count` passes of an epoch and return the texts of their codes; raises `NoPassLeft`."""

    def take(wallet: Wallet) -> tuple[Wallet, list[str]]:
        taken, rest = visitor.take_passes(wallet, epoch, count)
        epoch_key = visitor.epoch_key(epoch)
        papers = (Paper(epoch, stored.u) for stored in taken)
        return replace(rest, papers=(*rest.papers, *papers)), [print_pass(epoch_key, stored.owned) for stored in taken]

    return visitor.change(take)
