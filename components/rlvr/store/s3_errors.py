"""What an S3 server or its absence says, in words that people can act on, and what may pass by itself.

Only error codes and addresses are repeated, never a server's message: it may quote the request and its keys.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from rlvr.errors import RlvrError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ACCESS_REMEDY = (
    "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE, or the pod's service account), and that "
    "they may list the bucket and get, put and delete its objects."
)
FULL = ("XMinioStorageFull", "QuotaExceeded", "InsufficientStorage")
SPOILT = ("BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "RequestTimeout", "MalformedXML")
"""Codes of a server that got other bytes than were sent, or not all of them."""
BUSY = ("SlowDown", "Throttling", "RequestLimitExceeded", "OperationAborted")


class BrokenAnswerError(Exception):
    """An answer that was cut off or altered on its way; asking again may bring a whole one."""


@contextmanager
def s3_errors(place: str, server: str) -> Iterator[None]:
    """Turn what boto3 raises in the block into one `RlvrError` about the location `place` on `server`."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error, ResponseParserError, HTTPError, BrokenAnswerError) as error:
        raise RlvrError(explain(error, place, server), may_pass=may_pass(error, answered=True)) from error


def may_pass(error: Exception, *, answered: bool) -> bool:
    """Whether it is worth asking again after `error`; `answered`: the server has been seen to work.

    boto3 has already tried again what a request met before its answer began. That a server was never reached is most
    likely a mistake in its address, so only one that worked before is waited for.
    """
    from botocore import exceptions
    from urllib3.exceptions import HTTPError

    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if is_code(error, *FULL) or status in (501, 507):
            return False
        if status in (404, 409, 412) and is_code(error, str(status)):
            return True  # the code that tells a missing object from a missing bucket was lost with the body
        return is_code(error, *SPOILT, *BUSY) or ((status >= 500 or status == 429) and answered)
    broken_off = exceptions.IncompleteReadError | exceptions.ResponseStreamingError | BrokenAnswerError | HTTPError
    if isinstance(error, broken_off):
        return True
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return answered and not is_unknown_host(error)
    return _is_unreadable(error)


def is_unknown_host(error: BaseException | None) -> bool:
    """Whether a name server said that there is no such host; that it did not answer is another thing."""
    while error is not None:
        if isinstance(error, socket.gaierror):
            return error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        error = getattr(error, "kwargs", {}).get("error") or error.__cause__ or error.__context__
    return False


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
    if isinstance(error, BrokenAnswerError) or _is_unreadable(error):
        what = str(error) if isinstance(error, BrokenAnswerError) else "unreadable"
        return (
            f"The answers of the server {server} of {place} keep arriving damaged ({what}). "
            "Look for a proxy or a network between that alters them, then run the command again: what was not "
            "finished was not published."
        )
    if is_unknown_host(error):
        return (
            f"There is no host of the name in {server}, the server of {place}; correct AWS_ENDPOINT_URL or AWS_REGION."
        )
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
    if code in ("PreconditionFailed", "412"):
        return f"An object of {place} was replaced while it was being read; run the command again."
    if code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"):
        return f"The bucket of {place} lies in another region ({code}); set AWS_REGION to it."
    if code == "RequestTimeTooSkewed":
        return (
            f"The server of {place} refused the request because this machine's clock is wrong{_skew(error)}; "
            "set the clock."
        )
    if status == 507 or code in FULL:
        return f"The server {server} of {place} has no space left ({code}); free space there."
    if status in (401, 403) or code in ("ExpiredToken", "InvalidToken", "TokenRefreshRequired"):
        return f"The server {server} of {place} refused access ({code}). {ACCESS_REMEDY}"
    if status == 429 or status >= 500 or code in (*BUSY, *SPOILT):
        return (
            f"The server {server} of {place} kept failing ({code}, HTTP {status}); look at its log, "
            "then run the command again: what was not finished was not published."
        )
    return f"The server {server} of {place} refused the request ({code}, HTTP {status}); look at its log."


def _is_unreadable(error: Exception) -> bool:
    """Whether boto3 could make nothing of an answer: damaged XML, or a date that is none."""
    from botocore.parsers import ResponseParserError

    return isinstance(error, ResponseParserError)


def _skew(error: "ClientError") -> str:
    """By how much, in the words ", 17 minutes behind the server's"; "" when the answer does not tell."""
    date = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        minutes = round((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds() / 60)
    except (TypeError, ValueError):
        return ""
    return f", {abs(minutes)} minutes {'behind' if minutes > 0 else 'ahead of'} the server's" if minutes else ""
