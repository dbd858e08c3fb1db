"""Work that a program does by itself, which goes on whatever fails. Spec: §8.7."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from protocol.primitives.errors import SplitPassError
from service.errors import ConfigurationError
from service.monitoring import whereabouts
from service.problems import Problem, Unreachable
from service.refusals import Refusal
from service.storage import is_storage_trouble

logger = logging.getLogger("splitpass")


@contextmanager
def log_failures(failed: str, *values: object) -> Iterator[None]:
    """Log what fails, with the text `failed % values`, and go on.

    What another party or a setting is to blame for is a warning. A disk or database that takes nothing is an error; so
    is what nobody had thought of, which is told by its whereabouts: its text may quote a visitor.
    """
    try:
        yield
    except (Problem, Refusal, Unreachable, SplitPassError, ConfigurationError) as error:
        logger.warning("%s: %s", failed % values, error)
    except Exception as error:  # noqa: BLE001  whatever it is, what comes next is to be done
        if is_storage_trouble(error):
            logger.error("%s: %s", failed % values, getattr(error, "orig", error))  # noqa: TRY400
        else:
            logger.error("%s: %s", failed % values, type(error).__name__, extra={"reason": whereabouts(error)})  # noqa: TRY400
