"""Fetching a data set from the Hugging Face Hub at one commit, into the Hub client's own cache."""

from pathlib import Path

from rlvr.errors import RlvrError


def fetch_snapshot(hub_id: str, revision: str, pattern: str) -> Path:
    """Folder with the files of data set `hub_id` at commit `revision` that match the glob `pattern`."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # The client's patterns have no `**/`; without it the pattern also finds files at the root, as a folder's glob does.
    patterns = [pattern, pattern.replace("**/", "")]
    place = f"data set {hub_id} at commit {revision}"
    try:
        return Path(snapshot_download(hub_id, repo_type="dataset", revision=revision, allow_patterns=patterns))
    except GatedRepoError as error:
        raise RlvrError(f"The {place} is gated; accept its terms on the Hub and set HF_TOKEN.") from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise RlvrError(
            f"The Hub has no {place}, or it is private; check id and commit, and set HF_TOKEN for a private one."
        ) from error
    # Whatever else the client raises (its own errors, httpx's, the file system's) means that the files did not arrive.
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise RlvrError(
            f"The {place} could not be fetched from the Hub ({reason}). Where the Hub cannot be reached, copy the "
            f"files once and set the source's location to that folder or to s3://bucket/prefix."
        ) from error
