"""What checks found, as test results: the verify gate's verdict, and a model's score on a benchmark."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlvr.lineage.origins import Folders
from rlvr.lineage.statement import Checked


def verdict(folders: Folders, parameters: Mapping[str, Any]) -> Checked:
    """The verify gate's checks: passed, failed with rows quarantined (a warning), or failed."""
    told = json.loads((folders["out_verdict"] / "verdict.json").read_text(encoding="utf-8"))
    failing = [check for check in told["checks"] if check["failed"]]
    passed = tuple(check["name"] for check in told["checks"] if not check["failed"])
    names = tuple(check["name"] for check in failing)
    return Checked(
        result="FAILED" if not told["passed"] else "WARNED" if names else "PASSED",
        passed=passed,
        warned=names if told["passed"] else (),
        failed=() if told["passed"] else names,
        numbers={"rows_in": told["rows_in"], "rows_out": told["rows_out"]},
    )


def score(folders: Folders, parameters: Mapping[str, Any]) -> Checked:
    """Mean scores per row of a model's predictions, in percent, under both rules; an unread answer scores 0."""
    benchmark = str(parameters["benchmark"]["name"])
    return Checked(result="PASSED", passed=(benchmark,), numbers=_means(folders["predictions"]))


def _means(folder: Path) -> dict[str, Any]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "predictions.parquet", columns=["published", "strict"])
    means = {name: pc.mean(pc.fill_null(table[name], 0.0)).as_py() for name in table.column_names}
    shown = {f"{name}_percent": round(100 * value, 4) for name, value in means.items() if value is not None}
    return {"n": table.num_rows, "unparsed": table["published"].null_count, **shown}
