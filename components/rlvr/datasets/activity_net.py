"""ActivityNet Captions, second validation part, as a test of temporal grounding (4,885 videos, 17,031 queries).

One folder holds `val_2.json` and the videos, as `videos/v_QOlSCBRmfWY.mp4` or beside the file; the file has the form of
`rlvr.datasets.charades_sta`, whose conversion and synthetic clips serve here too.
"""

from collections.abc import Iterator
from pathlib import Path

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charades_sta


def read(folder: Path) -> Iterator[RawRow]:
    """The queries of a folder."""
    return charades_sta.queries(folder, "val_2.json", "videos")


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips."""
    return charades_sta.shown(n, f"activity_net {seed}")


VAL_2 = Source(
    name="activity_net_val_2",
    title="ActivityNet Captions, val_2",
    files="**/*",
    published_rows=17_031,
    columns=charades_sta.COLUMNS,
    convert=charades_sta.convert,
    read=read,
    synthetic=synthetic,
)
"""What VideoChat-R1 is evaluated on besides Charades-STA; it does not train on it."""
