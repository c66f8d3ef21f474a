"""A client for one S3 server, with time-outs, bounded retries and readable errors."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rlvr.errors import RlvrError
from rlvr.store.s3_errors import s3_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def connect(place: str) -> "S3Client":
    """The client for the location `place` (`s3://bucket/prefix`), set up from the standard AWS settings."""
    import boto3
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard"},
        # Servers other than AWS's do not all know the newer checksum trailers; the manifest holds SHA-256 anyway.
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
    return client
