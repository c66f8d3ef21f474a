"""Signed statements as text: DSSE envelopes around in-toto statements, signed with Ed25519.

https://github.com/secure-systems-lab/dsse: the signature covers the payload's type and its exact bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rlvr.canonical import dumps
from rlvr.errors import RlvrError
from rlvr.lineage.statement import refuse_malformed

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_CHARACTERS = 16 << 20
"""Longest text that is read as an envelope."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """An envelope that could be read, whoever signed it."""

    statement: dict[str, Any]
    """The payload."""
    payload: bytes
    """Its text, as it was signed."""
    signed_by: tuple[str, ...]
    """Key ids of the known keys whose signature holds; empty when none does."""
    claimed: tuple[str, ...]
    """Key ids that the envelope names."""


def sealed(statement: Mapping[str, Any], signer: "CryptoSigner") -> str:
    """The signed envelope of a statement, one line of JSON."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(dumps(statement).encode(), PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return dumps(envelope.to_dict())


def opened(text: str, keys: Mapping[str, "SSlibKey"], where: str) -> Opened:
    """The statement in an envelope and which of `keys` signed it; `RlvrError` naming `where` for anything else."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

    if len(text) > MAX_CHARACTERS:
        raise RlvrError(f"{where} is longer than any statement ({len(text):,} characters).")
    try:
        envelope = Envelope.from_dict(json.loads(text))
        statement = json.loads(envelope.payload)
        claimed = tuple(envelope.signatures)
    except Exception as error:  # a parser of hostile text raises whatever it stumbles on
        raise RlvrError(f"{where} is not a signed statement ({type(error).__name__}).") from error
    if envelope.payload_type != PAYLOAD_TYPE:
        raise RlvrError(f"{where} holds a payload of another type than {PAYLOAD_TYPE}.")
    refuse_malformed(statement, where)
    signed, covered = [], envelope.pae()
    for keyid, signature in envelope.signatures.items():
        if (key := keys.get(keyid)) is not None:
            try:
                key.verify_signature(signature, covered)
                signed.append(keyid)
            except (UnverifiedSignatureError, VerificationError):
                continue
    return Opened(statement=statement, payload=envelope.payload, signed_by=tuple(signed), claimed=claimed)
