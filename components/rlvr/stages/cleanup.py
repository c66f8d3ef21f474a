"""Cleanup: what a run left on the cluster, whichever way it ended."""

from kfp import dsl

from rlvr.stages.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def cleanup(run: str):
    """Delete the run's TrainJobs that have not ended; an exit handler of pipelines that launch TrainJobs."""
    from rlvr.launch.cancel import cancel_run

    for name in cancel_run(run):
        print(f"deleted TrainJob {name}")
