"""All that is checked once the logs were followed. Spec: §6.7."""

from __future__ import annotations

from escrow.audit.audit import Check
from escrow.audit.epochs import check_epochs
from escrow.audit.lists import check_lists
from escrow.audit.pages import check_page
from escrow.audit.releases import check_releases

CHECKS: tuple[Check, ...] = (
    check_epochs,  # steps 4, 5
    check_releases,  # step 6
    check_lists,  # steps 7, 8, 9
    check_page,  # step 10
)
