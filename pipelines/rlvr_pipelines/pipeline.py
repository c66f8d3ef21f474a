"""The way of the data: one pipeline, built from one method.

    ingest -> verify -> base -> (sft | grpo | merge | shortest | dpo) ...
        -> evaluate base and tuned on every benchmark -> report (-> promote) (-> cross-check)

What a stage does is in `rlvr`; which stages there are and what flows between them is here.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from kfp import dsl

from rlvr.canonical import dumps, plain
from rlvr.cross_check.tasks import shared
from rlvr.data.prompt_tokens import prompt_limits
from rlvr.method import Method, Task
from rlvr.stages.base import base
from rlvr.stages.cleanup import cleanup
from rlvr.stages.cross_check import cross_check
from rlvr.stages.dpo import dpo
from rlvr.stages.evaluate import evaluate
from rlvr.stages.grpo import grpo
from rlvr.stages.images import LMMS_EVAL
from rlvr.stages.ingest import ingest
from rlvr.stages.merge import merge
from rlvr.stages.promote import promote
from rlvr.stages.report import report
from rlvr.stages.sft import sft
from rlvr.stages.shortest import shortest
from rlvr.stages.verify import verify
from rlvr.training import Dpo, Grpo, Merge, Sft, ShortestSft, TrainingStage
from rlvr_pipelines.profiles import KINDS, Profile
from rlvr_pipelines.task_settings import apply

TRAINING: Mapping[type, Any] = {Sft: sft, Grpo: grpo, Merge: merge, ShortestSft: shortest, Dpo: dpo}
"""Which component performs a training stage."""


def build(method: Method, profile: Profile, images: Mapping[str, str], store: str, seed: int = 0) -> Callable[..., Any]:
    """The pipeline of `method` under `profile`; `images` maps image names to pullable references.

    `store` and `seed` become the defaults of the pipeline's two parameters.
    """
    run = profile.scaled(method)
    tasks, precision = dumps(run.tasks), run.backbone.precision  # specifications travel as canonical JSON texts
    limits = dumps(prompt_limits(run))
    sources = dumps([{"task": task.name, "source": plain(task.source)} for task in run.tasks])
    warm_up = tasks if run.backbone.location == "tiny" else "[]"  # a published base has no use for them
    benchmarks, batch = [dumps(item) for item in run.benchmarks], profile.evaluation_batch
    checked = cross_checked(method, profile)
    test_sources = dumps([{"task": item.name, "source": plain(item.source)} for item in run.benchmarks])
    description = dumps(
        {
            "method": plain(run),
            "profile": profile.name,
            "changes": profile.changes(method),
            "own": profile.own_changes(method),
        }
    )

    def place(task: Any, label: str, kind: str, image: str = "") -> Any:
        """Give a task its label, its image and what its kind asks of the cluster."""
        apply(task.set_display_name(label), profile.pods[kind], image or images[KINDS[kind]])
        return task.set_env_variable("RLVR_METHOD", method.name)  # for provenance; no part of what the stage does

    def ended() -> Any:
        """What is done when the tasks within have ended, however they did: TrainJobs that still run are deleted."""
        if not profile.launches:
            return nullcontext()
        return dsl.ExitHandler(place(cleanup(run=""), "clean up", "launch").set_caching_options(False), name="run")

    @dsl.pipeline(
        name=pipeline_name(method),
        description=f"{method.title}: {method.summary}",
        pipeline_config=profile.run.pipeline_config(),
    )
    def graph(store: str = store, seed: int = seed) -> None:
        with ended():
            rows = ingest(store=store, seed=seed, label="ingest", sources=sources)
            rows = place(rows, "ingest", "data").outputs["rows"]
            tests = ingest(store=store, seed=0, label="ingest tests", sources=test_sources)
            tests = place(tests, "ingest tests", "data").outputs["rows"]
            gate = place(verify(store=store, tasks=tasks, limits=limits, rows=rows, tests=tests), "verify", "data")
            first = base(store=store, backbone=dumps(run.backbone), tasks=warm_up)
            first = place(first, "base", "weights").after(gate).outputs["model"]
            model, log, models = first, None, {"base": first}
            for stage in run.stages:
                given = {"store": store, "stage": dumps(stage), "start": model, **({"previous": log} if log else {})}
                if isinstance(stage, Merge):
                    given |= {"other": models[stage.other]}
                else:
                    given |= {"seed": seed, "tasks": dumps(trained_on(stage, run)), "precision": precision}
                    given |= {"rows": gate.outputs["accepted"], "scale": dumps(profile.scale)}
                step = place(TRAINING[type(stage)](**given), stage.name, profile.kind(stage))
                model, log = step.outputs["model"], step.outputs["log"]
                models[stage.name] = model
            with dsl.ParallelFor(
                benchmarks, name="benchmarks", parallelism=profile.run.benchmarks_at_once
            ) as benchmark:
                common = {"store": store, "benchmark": benchmark, "precision": precision, "batch": batch}
                before = place(evaluate(model=first, role="base", tests=tests, **common), "evaluate base", "evaluate")
                after = place(evaluate(model=model, role="tuned", tests=tests, **common), "evaluate tuned", "evaluate")
            summary = report(
                store=store, seed=seed, run=description, verdict=gate.outputs["verdict"], training=log,
                rows=gate.outputs["accepted"], tests=tests,
                before=dsl.Collected(before.outputs["predictions"]), after=dsl.Collected(after.outputs["predictions"]),
            )  # fmt: skip
            place(summary, "report", "data")
            if profile.promote:
                answers = dsl.Collected(after.outputs["predictions"])
                choice = promote(
                    store=store, name=method.name, benchmark=benchmarks[0], model=model, evaluations=answers
                )
                place(choice, "promote", "data").after(summary)
            for role, checkpoint in (("base", first), ("tuned", model)) if checked else ():
                second = cross_check(store=store, benchmarks=dumps(checked), role=role, model=checkpoint)
                place(second, f"cross-check {role}", "evaluate", images[LMMS_EVAL])

    return graph


def trained_on(stage: TrainingStage, method: Method) -> tuple[Task, ...]:
    """The tasks that a training stage reads; others need not travel, for a graph must fit into one argument."""
    names = getattr(stage, "tasks", ()) or (stage.fit.tasks if isinstance(stage, ShortestSft) else ())
    return tuple(task for task in method.tasks if not names or task.name in names)


def cross_checked(method: Method, profile: Profile) -> tuple[str, ...]:
    """Names of the benchmarks that lmms-eval scores, too; none unless the profile asks for it."""
    return shared(tuple(item.name for item in profile.scaled(method).benchmarks)) if profile.cross_check else ()


def pipeline_name(method: Method) -> str:
    """The method's name in Kubeflow's alphabet."""
    return "rlvr-" + method.name.replace("_", "-").replace("/", "-")
