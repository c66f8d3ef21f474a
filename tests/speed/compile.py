"""Time and size of compiled pipelines: every method (and with --variants every variant) on every profile that ships.

    python tests/speed/compile.py

Seconds are processor time of one process, the imports of Kubeflow's compiler apart and the check that the method fits
included. `graph` is the largest component,
which Kubeflow passes to a process as one argument and so must stay below 128 KiB; `argo` is the size of the same
pipeline as a WorkflowTemplate.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import yaml

from rlvr.stages.images import NAMES
from rlvr_pipelines import profiles
from rlvr_pipelines.argo.emit import argo_yaml
from rlvr_pipelines.compile import pipeline_yaml
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.plan_setting import require_fit

FITTING = frozenset(name for name in METHODS if "/" not in name)
"""Methods that fit on the profiles' GPUs; of the variants some do not."""


def main() -> None:
    """Compile all of them and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", action="store_true", help="variants, too")
    chosen = [name for name in METHODS if parser.parse_args().variants or "/" not in name]
    start = time.process_time()
    import kfp.compiler  # noqa: F401

    print(f"imports: {time.process_time() - start:.2f} s")
    print(f"{'profile':8} {'method':40} {'seconds':>8} {'bytes':>9} {'graph':>8} {'argo s':>7} {'argo':>9}")
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "images.lock"
        lock.write_text(json.dumps({name: f"registry.example/{name}@sha256:{'0' * 64}" for name in NAMES}))
        for sized in profiles.NAMES:
            total = 0.0
            for name in chosen:
                start = time.process_time()
                profile = profiles.profile(sized, name)
                if name in FITTING:
                    require_fit(METHODS[name], profile, sized)
                text = pipeline_yaml(METHODS[name], profile, store="s3://bucket/store", lock=lock)
                seconds = time.process_time() - start
                total += seconds
                spec = next(yaml.load_all(text, Loader=yaml.CSafeLoader))
                parts = [spec["root"], *spec["components"].values()]
                graph = max(len(json.dumps(part, separators=(",", ":"))) for part in parts)
                start = time.process_time()
                argo = len(argo_yaml(text, profile))
                taken = time.process_time() - start
                print(f"{sized:8} {name:40} {seconds:8.2f} {len(text):9,} {graph:8,} {taken:7.2f} {argo:9,}")
            print(f"{sized:8} {'all':40} {total:8.2f}")


if __name__ == "__main__":
    main()
