"""Fetching a data set or a model from the Hugging Face Hub at one commit, into the Hub client's own cache."""

from pathlib import Path
from typing import Literal

from rlvr.errors import RlvrError


def fetch_snapshot(hub_id: str, revision: str, *patterns: str, kind: Literal["dataset", "model"] = "dataset") -> Path:
    """Folder with the files of the repository `hub_id` at commit `revision` that match any of the glob `patterns`."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    # The client's patterns have no `**/`; without it the pattern also finds files at the root, as a folder's glob does.
    allowed = [form for pattern in patterns for form in (pattern, pattern.replace("**/", ""))]
    place = f"{'data set' if kind == 'dataset' else kind} {hub_id} at commit {revision}"
    try:
        return Path(snapshot_download(hub_id, repo_type=kind, revision=revision, allow_patterns=allowed))
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
            f"files once and set the location to that folder or to s3://bucket/prefix."
        ) from error
