"""What an S3 server or its absence says, in words that people can act on.

Only error codes and addresses are repeated, never a server's message: it may quote the request and its keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rlvr.errors import RlvrError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ACCESS_REMEDY = (
    "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE, or the pod's service account), and that "
    "they may list the bucket and get, put and delete its objects."
)


@contextmanager
def s3_errors(place: str, server: str) -> Iterator[None]:
    """Turn what boto3 raises in the block into one `RlvrError` about the location `place` on `server`."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.exceptions import S3DownloadFailedError

    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error, S3DownloadFailedError) as error:
        raise RlvrError(explain(error, place, server)) from error


def explain(error: Exception, place: str, server: str) -> str:
    """One paragraph: what went wrong with the location `place` on `server`, and what to do."""
    from boto3.exceptions import Boto3Error
    from botocore import exceptions

    if isinstance(error, Boto3Error):  # the transfer layer wraps the error that matters
        inner = getattr(error, "last_exception", None) or error.__cause__ or error.__context__
        if isinstance(inner, exceptions.ClientError | exceptions.BotoCoreError):
            error = inner
    if isinstance(error, exceptions.ClientError):
        return _answer(error, place, server)
    if isinstance(
        error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError | exceptions.CredentialRetrievalError
    ):
        return f"There are no usable credentials for {place}. {ACCESS_REMEDY}"
    if isinstance(error, exceptions.ParamValidationError):
        return f"{place} does not have a valid bucket name; expected 's3://bucket/prefix'."
    if isinstance(error, exceptions.SSLError):
        return (
            f"The server {server} of {place} did not show a certificate that is trusted here; "
            "set AWS_CA_BUNDLE to the certificate of its authority, or correct AWS_ENDPOINT_URL."
        )
    if isinstance(error, exceptions.ProfileNotFound | exceptions.ConfigParseError | exceptions.InvalidConfigError):
        kind = type(error).__name__
        return f"The AWS settings for {place} cannot be read ({kind}); check AWS_PROFILE and ~/.aws."
    if not isinstance(error, exceptions.BotoCoreError) or isinstance(
        error, exceptions.HTTPClientError | exceptions.ConnectionError | exceptions.IncompleteReadError
    ):
        return (
            f"The server {server} of {place} cannot be reached or stopped answering "
            f"({type(error).__name__}). Check that it is running, that this machine's network reaches it, and "
            "AWS_ENDPOINT_URL; then run the command again: what was not finished was not published."
        )
    return f"{place} cannot be used with these AWS settings ({type(error).__name__}); check the AWS_ variables."


def is_code(error: "ClientError", *codes: str) -> bool:
    """Whether the server answered with one of these error codes."""
    return error.response.get("Error", {}).get("Code") in codes


def _answer(error: "ClientError", place: str, server: str) -> str:
    code = error.response.get("Error", {}).get("Code", "unknown")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket":
        return (
            f"The bucket of {place} does not exist on {server}; "
            "create it, or correct the store's URL or AWS_ENDPOINT_URL."
        )
    if code in ("NoSuchKey", "404"):
        return f"An object of {place} is missing; discard the artifact and publish it again."
    if code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"):
        return f"The bucket of {place} lies in another region ({code}); set AWS_REGION to it."
    if code == "RequestTimeTooSkewed":
        return f"The server of {place} refused the request because this machine's clock is wrong; set the clock."
    if status in (401, 403) or code in ("ExpiredToken", "InvalidToken", "TokenRefreshRequired"):
        return f"The server {server} of {place} refused access ({code}). {ACCESS_REMEDY}"
    if status == 507 or code in ("XMinioStorageFull", "QuotaExceeded", "InsufficientStorage"):
        return f"The server {server} of {place} has no space left ({code}); free space there."
    if status == 429 or status >= 500 or code == "SlowDown":
        return (
            f"The server {server} of {place} kept failing ({code}, HTTP {status}); look at its log, "
            "then run the command again: what was not finished was not published."
        )
    return f"The server {server} of {place} refused the request ({code}, HTTP {status}); look at its log."
