"""A client for one S3 server, with time-outs, bounded retries and readable errors."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rlvr import __version__
from rlvr.errors import RlvrError
from rlvr.store.limits import Limits
from rlvr.store.s3_errors import is_unknown_host, s3_errors
from rlvr.store.s3_signing import sign_with_known_digests

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

DEFAULT_LIMITS = Limits()


def connect(place: str, limits: Limits = DEFAULT_LIMITS) -> "S3Client":
    """The client for the location `place` (`s3://bucket/prefix`), set up from the standard AWS settings."""
    import boto3
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.read_seconds,
        max_pool_connections=limits.connections,
        tcp_keepalive=True,
        user_agent=f"rlvr/{__version__}",
        parameter_validation=False,  # of requests that are ours alone; bucket names are looked at all the same
        # Connections that fail or are refused, HTTP 500 to 504, 429 and the codes of throttling, with backoff and
        # jitter. What breaks while an answer's body is read is not among them; s3_bucket.py sees to that.
        retries={"mode": "standard"},
        # Every request carries the SHA-256 of its body in its signature. Servers other than AWS's do not all know the
        # newer checksum trailers; the manifest holds SHA-256 anyway.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        with s3_errors(place, "of AWS"):
            client = boto3.session.Session().client("s3", config=config)
    except ValueError as error:  # what botocore raises for an address that is not a URL
        raise RlvrError(
            "AWS_ENDPOINT_URL is not an address; write it as 'http://host:9000' or 'https://host'."
        ) from error
    if "@" in urlsplit(client.meta.endpoint_url).netloc:
        raise RlvrError(
            "AWS_ENDPOINT_URL holds a user name or password; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    sign_with_known_digests(client)
    client.meta.events.register_first("needs-retry.s3", _give_up_on_unknown_hosts)
    return client


def _give_up_on_unknown_hosts(caught_exception: Exception | None, **_: Any) -> None:
    """boto3 would look a misspelt host up again and again."""
    if caught_exception is not None and is_unknown_host(caught_exception):
        raise caught_exception
