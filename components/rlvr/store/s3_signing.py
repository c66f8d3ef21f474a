"""Signing a request whose body's SHA-256 is known already, so that it is not computed a second time.

The digest stands in the signed header X-Amz-Content-SHA256, and the server refuses a body that does not have it: for a
part of a file that is the digest of the bytes that were read when the artifact's manifest was made.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SIGNATURE = "rlvr-s3v4"
"""The name under which boto3 knows the signer."""


class Digested(bytearray):
    """Bytes of a request, and their hexadecimal SHA-256, which whoever fills them sets."""

    sha256: str = ""


def sign_with_known_digests(client: "S3Client") -> None:
    """Have `client` take the word of `Digested` bodies."""
    _register()
    choose: Any = _choose
    for operation in ("PutObject", "UploadPart"):
        client.meta.events.register_first(f"choose-signer.s3.{operation}", choose)


def _choose(signature_version: Any, **_: Any) -> str | None:
    """Our signer in the place of S3's usual one, and of no other."""
    return SIGNATURE if signature_version == "s3v4" else None


@cache
def _register() -> None:
    from botocore.auth import AUTH_TYPE_MAPS, S3SigV4Auth

    class KnownDigestAuth(S3SigV4Auth):
        def payload(self, request: Any) -> Any:
            return getattr(request.body, "sha256", "") or super().payload(request)

    AUTH_TYPE_MAPS[SIGNATURE] = KnownDigestAuth
