"""The Hugging Face Hub at one commit: files, fetched into its client's own cache, and the digests that it states."""

from pathlib import Path
from typing import Literal

from rlvr.errors import RlvrError

Kind = Literal["dataset", "model"]
"""What a repository holds."""


def fetch_snapshot(hub_id: str, revision: str, *patterns: str, kind: Kind = "dataset") -> Path:
    """Folder with the files of the repository `hub_id` at commit `revision` that match any of the glob `patterns`."""
    from huggingface_hub import snapshot_download

    # The client's patterns have no `**/`; without it the pattern also finds files at the root, as a folder's glob does.
    allowed = [form for pattern in patterns for form in (pattern, pattern.replace("**/", ""))]
    try:
        return Path(snapshot_download(hub_id, repo_type=kind, revision=revision, allow_patterns=allowed))
    # Whatever the client raises (its own errors, httpx's, the file system's) means that the files did not arrive.
    except Exception as error:
        if why := refusal(error, hub_id, revision, kind):
            raise RlvrError(why) from error
        raise RlvrError(
            f"The {_place(hub_id, revision, kind)} could not be fetched from the Hub ({_first_line(error)}). Where the "
            f"Hub cannot be reached, copy the files once and set the location to that folder or to s3://bucket/prefix.",
            may_pass=True,
        ) from error


def stated_digests(hub_id: str, revision: str, kind: Kind = "dataset") -> dict[str, str]:
    """Path -> `sha256:...` or `git:...` of every file of a repository at a commit.

    The Hub states SHA-256 of the content for files that Git LFS or Xet holds, and Git's SHA-1 for small ones. Raises
    `RlvrError` with the reason and its remedy where the Hub does not say.
    """
    from huggingface_hub import HfApi, RepoFile

    try:
        listing = HfApi().list_repo_tree(hub_id, recursive=True, revision=revision, repo_type=kind)
        files = [entry for entry in listing if isinstance(entry, RepoFile)]
    except Exception as error:  # as above
        why = refusal(error, hub_id, revision, kind)
        raise RlvrError(
            why
            or f"The Hub could not be asked about the {_place(hub_id, revision, kind)} ({_first_line(error)}); run "
            f"again where it can be reached."
        ) from error
    return {file.path: f"sha256:{file.lfs.sha256}" if file.lfs else f"git:{file.blob_id}" for file in files}


def refusal(error: BaseException, hub_id: str, revision: str, kind: Kind) -> str | None:
    """Why the Hub answers, but does not give, and what to do about it; None for errors of other kinds."""
    causes = [error]
    while (cause := causes[-1].__cause__) is not None:  # the client says of most that a file is not in its cache
        causes.append(cause)
    return next((why for one in causes if (why := _refusal(one, hub_id, revision, kind))), None)


def _refusal(error: BaseException, hub_id: str, revision: str, kind: Kind) -> str | None:
    from huggingface_hub.errors import (
        DisabledRepoError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    place = _place(hub_id, revision, kind)
    page = f"{'datasets/' if kind == 'dataset' else ''}{hub_id}"
    if isinstance(error, GatedRepoError):
        return (
            f"The {place} is gated; accept its terms on the Hub's page {page}, then set HF_TOKEN to a token of that "
            f"account."
        )
    if isinstance(error, RevisionNotFoundError):
        return (
            f"The Hub has the {_noun(kind)} {hub_id}, but not its commit {revision}; take the full commit from the "
            f"history on the page {page}."
        )
    if isinstance(error, RepositoryNotFoundError | HFValidationError):
        return f"The Hub has no {place}, or it is private; check the id, and set HF_TOKEN for a private one."
    if isinstance(error, DisabledRepoError):
        return f"The {place} was disabled on the Hub; set the location to the folder or s3:// prefix of a copy."
    if isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403):
        return (
            f"The Hub refuses the {place} (status {error.response.status_code}); set HF_TOKEN to a valid token with "
            f"read access to it, or to none for a public one."
        )
    return None


def _noun(kind: Kind) -> str:
    return "data set" if kind == "dataset" else kind


def _place(hub_id: str, revision: str, kind: Kind) -> str:
    return f"{_noun(kind)} {hub_id} at commit {revision}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__
