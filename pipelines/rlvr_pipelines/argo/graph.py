"""Reading a compiled pipeline back: its stages, what flows between them, and what their pods ask for.

Argo's form is made from Kubeflow's, so both run the same graph with the same settings. Only what our pipelines use is
understood; anything else is an error.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlvr.errors import RlvrError

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """An artifact, by the task and the name of its output."""

    task: str
    """Task that makes it."""
    output: str
    """What its stage calls it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One task that runs a stage."""

    name: str
    """Unique in the pipeline."""
    stage: str
    """Module and function of `rlvr.stages`."""
    constants: Mapping[str, str]
    """Parameters with a fixed value."""
    parameters: Mapping[str, str]
    """Parameters that take one of the pipeline's, by the name of that."""
    items: tuple[str, ...]
    """Parameters that take the item of the loop around the step."""
    inputs: Mapping[str, Made]
    """Artifacts that it reads."""
    lists: tuple[str, ...]
    """Inputs that take what a loop made, all of it."""
    outputs: tuple[str, ...]
    """Artifacts that it makes."""
    after: tuple[str, ...]
    """Tasks that end before it begins."""
    retry: Json
    """How often it is tried again."""
    container: Json
    """Image, resources and variables."""
    pod: Json
    """What else is asked of Kubernetes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loop:
    """The same steps for each of several items."""

    name: str
    """Unique in the pipeline."""
    label: str
    """Its name for people."""
    items: tuple[str, ...]
    """The items, as texts."""
    at_once: int
    """How many are worked on at a time; 0 means all."""
    steps: tuple[Step, ...]
    """What is done for each."""
    after: tuple[str, ...]
    """Tasks that end before it begins."""
    outputs: Mapping[str, Made]
    """What it hands on, by the pipeline's own names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """A whole pipeline."""

    name: str
    """The pipeline's name."""
    description: str
    """Its description."""
    parameters: Mapping[str, str]
    """The pipeline's parameters and their defaults."""
    parts: tuple[Step | Loop, ...]
    """Steps and loops, in the order of their names."""
    last: Step | None
    """What is done when all else has ended, however it did."""
    limits: Json = field(default_factory=dict)
    """Deadline and time to live of a run."""


def read(pipeline: Json, platform: Json) -> Graph:
    """The graph of a compiled pipeline, whose two documents are `pipeline` and `platform` (empty without settings)."""
    kubernetes = platform.get("platforms", {}).get("kubernetes", {})
    reader = _Reader(pipeline, kubernetes.get("deploymentSpec", {}).get("executors", {}))
    defaults = pipeline["root"].get("inputDefinitions", {}).get("parameters", {})
    outer = {name: ("pipeline", name) for name in defaults}
    parts = tuple(reader.parts(pipeline["root"]["dag"], outer, {}))
    return Graph(
        name=pipeline["pipelineInfo"]["name"],
        description=pipeline["pipelineInfo"].get("description", ""),
        parameters={name: _text(entry["defaultValue"]) for name, entry in defaults.items()},
        parts=parts,
        last=reader.last,
        limits=kubernetes.get("pipelineConfig", {}),
    )


class _Reader:
    def __init__(self, pipeline: Json, pods: Json) -> None:
        self.components, self.pods = pipeline["components"], pods
        self.executors = pipeline["deploymentSpec"]["executors"]
        self.last: Step | None = None

    def parts(
        self, graph: Json, values: Mapping[str, tuple[str, str]], artifacts: Mapping[str, Made]
    ) -> Iterator[Step | Loop]:
        """Steps and loops of a graph, in which a component's own inputs stand for `values` and `artifacts`.

        A graph within it that is no loop only says that something is done at the end; its parts are handed out too.
        """
        for name, task in graph["tasks"].items():
            component = self.components[task["componentRef"]["name"]]
            given = task.get("inputs", {})
            taken = {key: _artifact(value, artifacts) for key, value in given.get("artifacts", {}).items()}
            if "executorLabel" in component:
                step = self._step(name, task, component, values, taken)
                if task.get("triggerPolicy"):
                    self._set_last(step, task)
                else:
                    yield step
                continue
            passed = {key: _value(value, values) for key, value in given.get("parameters", {}).items()}
            if "parameterIterator" not in task:
                if "triggerPolicy" in task:
                    raise RlvrError(f"Task {name} depends on a condition, which the Argo target does not know.")
                yield from self.parts(component["dag"], passed, taken)
                continue
            yield self._loop(name, task, component, passed, taken)

    def _set_last(self, step: Step, task: Json) -> None:
        if task["triggerPolicy"] != {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"} or self.last or step.inputs:
            raise RlvrError(f"Task {step.name} depends on a condition, which the Argo target does not know.")
        self.last = step

    def _step(
        self, name: str, task: Json, component: Json, values: Mapping[str, tuple[str, str]], taken: Mapping[str, Made]
    ) -> Step:
        container = self.executors[component["executorLabel"]]["container"]
        arguments = container["args"]
        sources = {key: _value(value, values) for key, value in task.get("inputs", {}).get("parameters", {}).items()}
        wanted = component.get("inputDefinitions", {}).get("artifacts", {})
        return Step(
            name=name,
            stage=arguments[arguments.index("--function_to_execute") + 1],
            constants={key: text for key, (kind, text) in sources.items() if kind == "constant"},
            parameters={key: text for key, (kind, text) in sources.items() if kind == "pipeline"},
            items=tuple(key for key, (kind, _) in sources.items() if kind == "item"),
            inputs=taken,
            lists=tuple(key for key in taken if wanted[key].get("isArtifactList")),
            outputs=tuple(component.get("outputDefinitions", {}).get("artifacts", {})),
            after=tuple(task.get("dependentTasks", ())),
            retry=task.get("retryPolicy", {}),
            container=container,
            pod=self.pods.get(component["executorLabel"], {}),
        )

    def _loop(
        self, name: str, task: Json, component: Json, values: Mapping[str, tuple[str, str]], taken: Mapping[str, Made]
    ) -> Loop:
        import json

        iterator = task["parameterIterator"]
        inner = {**values, iterator["itemInput"]: ("item", "")}
        steps = tuple(self.parts(component["dag"], inner, taken))
        made = component["dag"].get("outputs", {}).get("artifacts", {})
        outputs = {}
        for key, entry in made.items():
            (selector,) = entry["artifactSelectors"]
            outputs[key] = Made(task=selector["producerSubtask"], output=selector["outputArtifactKey"])
        plain = tuple(step for step in steps if isinstance(step, Step))
        if len(plain) < len(steps):
            raise RlvrError(f"Loop {name} holds another loop, which the Argo target does not know.")
        return Loop(
            name=name,
            label=task["taskInfo"]["name"],
            items=tuple(_text(item) for item in json.loads(iterator["items"]["raw"])),
            at_once=int(task.get("iteratorPolicy", {}).get("parallelismLimit", 0)),
            steps=plain,
            after=tuple(task.get("dependentTasks", ())),
            outputs=outputs,
        )


def _value(value: Json, values: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Where a parameter's value comes from: ("constant", text), ("pipeline", parameter) or ("item", "")."""
    if "runtimeValue" in value:
        return "constant", _text(value["runtimeValue"]["constant"])
    if "componentInputParameter" in value:
        return values[value["componentInputParameter"]]
    raise RlvrError(f"A parameter comes from {', '.join(value)}, which the Argo target does not know.")


def _artifact(value: Json, artifacts: Mapping[str, Made]) -> Made:
    if "componentInputArtifact" in value:
        return artifacts[value["componentInputArtifact"]]
    made = value["taskOutputArtifact"]
    return Made(task=made["producerTask"], output=made["outputArtifactKey"])


def _text(value: Any) -> str:
    """A parameter's value as Argo has it; Kubeflow's whole numbers are written as fractions."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
