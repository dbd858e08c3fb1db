"""Passkeys: WebAuthn, as the library has it. User verification is always required. Spec: §6.9."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from escrow.desk.errors import WrongPasskey
from escrow.desk.records import OfficerSet, Passkey, Vote, set_digest, vote_challenge
from protocol.epochs import Domain

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a passkey signed: the credential's id, the authenticator's data, the client's data, and the signature."""

    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    @staticmethod
    def of(credential: Any) -> Assertion:
        """From what `PublicKeyCredential.toJSON()` gives; raises `WrongPasskey`."""
        try:
            response = credential["response"]
            fields = response["authenticatorData"], response["clientDataJSON"], response["signature"]
            return Assertion(*(base64url_to_bytes(field) for field in (credential["rawId"], *fields)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise WrongPasskey("this is no assertion of a passkey") from None

    @property
    def challenge(self) -> bytes:
        """What it answers, as it says itself; raises `WrongPasskey`."""
        return challenge_of(self.to_json())

    def to_json(self) -> dict[str, object]:
        """As the library, and every other one, takes it."""
        credential_id = bytes_to_base64url(self.credential_id)
        return {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "response": {
                "authenticatorData": bytes_to_base64url(self.authenticator_data),
                "clientDataJSON": bytes_to_base64url(self.client_data),
                "signature": bytes_to_base64url(self.signature),
            },
        }


def challenge_of(credential: Any) -> bytes:
    """What a new passkey, or an assertion, answers as it says itself; raises `WrongPasskey`."""
    try:
        return base64url_to_bytes(json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))["challenge"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise WrongPasskey("the client's data names no challenge") from None


def relying_party(origin: str) -> str:
    """The id of the relying party: the origin's host."""
    return urlsplit(origin).hostname or ""


def creation_options(
    origin: str, name: str, user_id: bytes, challenge: bytes, known: Iterable[Passkey]
) -> dict[str, object]:
    """What a browser is asked with for a new passkey of the officer `name`, which may be none of the `known`."""
    options = generate_registration_options(
        rp_id=relying_party(origin),
        rp_name="SplitPass",
        user_name=name,
        user_id=user_id,
        challenge=challenge,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in known],
    )
    return _plain(options)


def request_options(origin: str, challenge: bytes, passkeys: Iterable[Passkey] = ()) -> dict[str, object]:
    """What a browser is asked with for an assertion, by one of the `passkeys` if some are named."""
    options = generate_authentication_options(
        rp_id=relying_party(origin),
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options)


def verify_new(origin: str, challenge: bytes, credential: Mapping[str, object]) -> tuple[Passkey, int]:
    """A new passkey, and its counter; raises `WrongPasskey`."""

    def verify() -> tuple[Passkey, int]:
        verified = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=relying_party(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
        passkey = Passkey(verified.credential_id, verified.credential_public_key)
        passkey.to_bytes()
        return passkey, verified.sign_count

    return _told(verify)


def verify_assertion(origin: str, challenge: bytes, passkey: Passkey, counter: int, assertion: Assertion) -> int:
    """The counter of an assertion over a challenge; raises `WrongPasskey`.

    `counter` is the passkey's last one, 0 if it has none.
    """

    def verify() -> int:
        return verify_authentication_response(
            credential=assertion.to_json(),
            expected_challenge=challenge,
            expected_rp_id=relying_party(origin),
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=counter,
            require_user_verification=True,
        ).new_sign_count

    if passkey.credential_id != assertion.credential_id:
        raise WrongPasskey("the assertion is another passkey's")
    return _told(verify)


def verify_vote(domain: Domain, officers: OfficerSet, vote: Vote, assertion: Assertion) -> str:
    """Check a vote that was kept, against the set of officers that it names: whose it is.

    Raises:
        WrongPasskey: The vote is of another set or role, its passkey is not in the set, or the assertion is not over
            this vote, in this domain, at the set's origin, by a person whom the passkey has verified.
    """
    if (vote.officers, vote.version) != (set_digest(officers), officers.version):  # step 1
        raise WrongPasskey("the vote is under another set of officers")
    if vote.role is not officers.role or domain.number != officers.domain:
        raise WrongPasskey("the vote is of another party")
    owner = officers.owner(assertion.credential_id)  # step 2
    if owner is None:
        raise WrongPasskey("the set has no such passkey")
    officer, passkey = owner
    verify_assertion(officers.origin, vote_challenge(domain, vote), passkey, 0, assertion)  # step 3
    return officer.name


def _told(verify: Callable[[], T]) -> T:
    try:
        return verify()
    except WebAuthnException as error:
        raise WrongPasskey(str(error)) from None
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError):
        raise WrongPasskey("this is not what a passkey gives") from None


def _plain(options: Any) -> dict[str, object]:
    plain: dict[str, object] = json.loads(options_to_json(options))
    return plain
