"""Who is signed in at a desk, and which challenges are open. Nothing of it is stored. Spec: §6.9."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import Generic, TypeVar

from escrow.desk.errors import ChallengeUsed
from service.clock import HOUR, Clock
from service.refusals import Unauthenticated

IDLE_SECONDS = 900
"""After so long without a request a session is over."""
SESSION_SECONDS = 8 * HOUR
CHALLENGE_SECONDS = 300
"""So long an officer may take to read what is asked, and to answer with the passkey."""
MOST_CHALLENGES = 1000

T = TypeVar("T")


@dataclass
class Session:
    """An officer who is signed in, with which passkey, and until when at the latest (Unix time)."""

    officer: str
    credential_id: bytes
    ends: int
    last: int


class Sessions:
    """The sessions of a desk, by the digests of their tokens."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._sessions = clock, dict[bytes, Session]()

    def begin(self, officer: str, credential_id: bytes) -> tuple[bytes, Session]:
        """A new session, and its token of 32 bytes."""
        now, token = self._clock(), token_bytes(32)
        self._sessions = {key: one for key, one in self._sessions.items() if self._lives(one)}
        session = self._sessions[sha256(token).digest()] = Session(officer, credential_id, now + SESSION_SECONDS, now)
        return token, session

    def get(self, token: bytes) -> Session:
        """The session of a token, which goes on by that; raises `Unauthenticated`."""
        session = self._sessions.get(sha256(token).digest())
        if session is None or not self._lives(session):
            raise Unauthenticated("sign in with your passkey")
        session.last = self._clock()
        return session

    def end(self, token: bytes) -> None:
        """End a session."""
        self._sessions.pop(sha256(token).digest(), None)

    def _lives(self, session: Session) -> bool:
        now = self._clock()
        return now <= session.ends and now <= session.last + IDLE_SECONDS


class SignInChallenges:
    """Challenges that anybody may have: each is known by a mark, and kept only once it was answered.

    So whoever asks for many takes no room, and none from an officer.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock, self._key, self._answered = clock, token_bytes(32), dict[bytes, int]()

    def give(self) -> bytes:
        """A challenge of 32 bytes."""
        begun = (self._clock() + CHALLENGE_SECONDS).to_bytes(8, "big") + token_bytes(8)
        return begun + self._mark(begun)

    def check(self, challenge: bytes) -> int:
        """Until when a challenge may be answered (Unix time); raises `ChallengeUsed` if it may not be."""
        begun, now = challenge[:16], self._clock()
        expires = int.from_bytes(begun[:8], "big")
        is_own = hmac.compare_digest(challenge[16:], self._mark(begun))
        if not is_own or expires < now or challenge in self._answered:
            raise ChallengeUsed
        return expires

    def take(self, challenge: bytes) -> None:
        """Note that an officer has answered a challenge; raises `ChallengeUsed` like `check`."""
        expires, now = self.check(challenge), self._clock()
        self._answered = {key: end for key, end in self._answered.items() if end >= now} | {challenge: expires}

    def _mark(self, begun: bytes) -> bytes:
        return hmac.digest(self._key, begun, "sha256")[:16]


class Challenges(Generic[T]):
    """Challenges that were given out, each with what it is for. Each is answered once, and soon."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._open = clock, dict[bytes, tuple[int, T]]()

    def give(self, purpose: T, challenge: bytes | None = None) -> bytes:
        """A challenge of 32 random bytes, or this one."""
        now = self._clock()
        self._open = {key: one for key, one in self._open.items() if one[0] >= now}
        if len(self._open) >= MOST_CHALLENGES:
            del self._open[next(iter(self._open))]
        challenge = challenge or token_bytes(32)
        self._open[challenge] = now + CHALLENGE_SECONDS, purpose
        return challenge

    def take(self, challenge: bytes) -> T:
        """What a challenge is for, which is answered by that; raises `ChallengeUsed`."""
        expires, purpose = self._open.pop(challenge, (0, None))
        if purpose is None or expires < self._clock():
            raise ChallengeUsed
        return purpose
