"""What the disk says, in words that people can act on."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from rlvr.errors import RlvrError

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def disk_errors(problem: str) -> Iterator[None]:
    """Turn an `OSError` of the block into one `RlvrError` that begins with `problem`."""
    try:
        yield
    except RlvrError:
        raise  # DocumentExistsError is an OSError too and already says what is to be said
    except OSError as error:
        raise RlvrError(f"{problem}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in FULL:
        return (
            f"the disk is full{where}. Nothing was published and the temporary files were removed; free space, or "
            "choose a folder on a larger disk (the store's URL; RLVR_CACHE for files that come from S3)."
        )
    if error.errno == errno.EFBIG:
        return (
            f"the file is larger than this process or file system allows{where}. Nothing was published and the "
            "temporary files were removed; raise the limit (ulimit -f), or choose a folder on another disk."
        )
    if error.errno in FORBIDDEN:
        return (
            f"permission denied{where}. Give this user access to it, or choose another folder "
            "(the store's URL; RLVR_CACHE for files that come from S3)."
        )
    if error.errno == errno.ENOENT:
        return f"it does not exist{where}. Check the path."
    if error.errno in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return f"there is a file where a folder is needed, or the other way round{where}. Check the path."
    return f"{error.strerror or error}{where}. Check that the disk is mounted and healthy, then try again."
