"""Ingest: published data sources to canonical rows."""

from kfp import dsl

from rlvr.stages.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def ingest(store: str, seed: int, label: str, sources: str, rows: dsl.Output[dsl.Dataset]):
    """Read every source (`{"task", "source"}`) into canonical rows; `label` names the stage."""
    import json

    from rlvr.data.ingest import ingest as body
    from rlvr.data.load import is_fixed
    from rlvr.lineage.origins import raw_files
    from rlvr.lineage.record import Telling
    from rlvr.provenance import perform

    parameters = {"sources": json.loads(sources), "seed": int(seed)}
    fixed = all(is_fixed(entry["source"]["location"]) for entry in parameters["sources"])
    telling, outputs = Telling(origins=raw_files), {"out": rows}
    perform(
        body,
        store=store,
        inputs={},
        outputs=outputs,
        parameters=parameters,
        name=label,
        remember=fixed,
        telling=telling,
    )
