"""A data source: where rows come from and how upstream's columns become ours."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlvr.data.rows import Row

RawRow = dict[str, Any]
"""One row in the upstream schema; pictures are encoded bytes or `{"bytes": ..., "path": ...}`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One split of one published data set."""

    name: str
    """Our name, unique among sources, e.g. `clevr_cogent_a_train`."""
    title: str
    """Name as people know it."""
    hub_id: str | None = None
    """Hugging Face data set id; None when the set is not on the Hub."""
    revision: str | None = None
    """40-hex commit that is read; None when no commit has been established (a Hub read then asks for one)."""
    files: str = "**/*.parquet"
    """Glob of the files to read, relative to the root of the repository, bucket prefix or folder."""
    licence: str = "not stated"
    """Licence as the publisher states it."""
    published_rows: int | None = None
    """Row count that the publisher states; None when not established."""
    columns: tuple[str, ...] = ()
    """Upstream columns that the conversion needs."""
    convert: Callable[[RawRow], dict[str, Any]]
    """One upstream row -> the fields of our row except `row_id`, `source` and `task`."""
    read: Callable[[Path], Iterator[RawRow]] | None = None
    """`read(folder)` yields the upstream rows of a folder in the publisher's own layout, where it is not a matter of
    parquet, arrow or JSON files that hold rows; paths of pictures are relative to the folder."""
    skip: Callable[[RawRow], bool] | None = None
    """Which upstream rows the publication leaves out; the ingest stage counts them."""
    synthetic: Callable[[int, int], Iterator[RawRow]] | None = None
    """`synthetic(n, seed)` yields n offline rows in the upstream schema that really show their answers."""
    demonstrate: Callable[[Row], str] | None = None
    """A worked response to a row, with think and answer tags: what tiny offline backbones are warmed up on."""
    gold: Callable[[Row], tuple[str, str]] | None = None
    """`gold(row)` gives a completion that answers the row rightly and one that answers it wrongly, for answers that
    are not simply text between answer tags; the verify stage asks the task's rewards about both."""
    location: str = "hub"
    """`hub`, `synthetic`, a folder, `s3://bucket/prefix` or `hub:ID@COMMIT`."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """Upstream column -> the column that holds it in files of one's own; columns that are not named keep their name."""
    limit: int | None = None
    """Rows to take, from the first on; None takes all (`synthetic` needs a number)."""
