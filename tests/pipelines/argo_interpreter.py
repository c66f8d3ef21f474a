"""Runs a WorkflowTemplate on this machine: graphs in order, every container's command as a process, artifacts as files.

It follows Argo's rules where our workflows use them: tags are replaced in a template's JSON, a task starts when its
dependencies are done, artifacts are handed on by `from` or found by their key, outputs without a file are an error.
"""

import json
import multiprocessing
import os
import re
import runpy
import shutil
import sys
from pathlib import Path

PROCESSES = multiprocessing.get_context("forkserver")
"""Every command runs in a process of its own, begun from one that has the large libraries in memory already."""
PROCESSES.set_forkserver_preload(["warm_libraries"])
TAG = re.compile(r"\{\{(?!\$)(.*?)\}\}")


class Interpreter:
    def __init__(self, resource, folder, parameters):
        self.spec, self.folder = resource["spec"], folder
        self.templates = {template["name"]: template for template in self.spec["templates"]}
        defaults = {entry["name"]: entry["value"] for entry in self.spec["arguments"]["parameters"]}
        self.known = {f"workflow.parameters.{name}": value for name, value in {**defaults, **parameters}.items()}
        self.known |= {"workflow.uid": "uid-1", "workflow.name": "run-1"}
        self.started = []
        self.active, self.most = 0, {}

    def run(self):
        self.template(self.spec["entrypoint"], {}, {}, "main")
        if "onExit" in self.spec:
            self.template(self.spec["onExit"], {}, {}, "exit")

    def template(self, name, parameters, artifacts, path):
        """Run a template and return its output artifacts: name -> file."""
        template = self.templates[name]
        inputs = template.get("inputs", {})
        assert {entry["name"] for entry in inputs.get("parameters", ())} == set(parameters), name
        known = {**self.known, **{f"inputs.parameters.{key}": value for key, value in parameters.items()}}
        wanted = inputs.get("artifacts", ())
        assert {entry["name"] for entry in wanted if "s3" not in entry} == set(artifacts), name
        if "dag" in template:
            return self.graph(template, known, artifacts, path)
        return self.container(template, known, artifacts, path)

    def graph(self, template, known, artifacts, path):
        done, tasks = {}, {task["name"]: task for task in template["dag"]["tasks"]}
        while len(done) < len(tasks):
            ready = [n for n, t in tasks.items() if n not in done and set(t.get("dependencies", ())) <= set(done)]
            assert ready, f"{path}: tasks wait for each other"
            for name in ready:
                done[name] = self.task(tasks[name], tasks, known, artifacts, done, f"{path}/{name}")
        return {}

    def task(self, task, tasks, known, artifacts, done, path):
        results = {}
        for place, item in enumerate(task.get("withItems", [None])):
            own = {**known, **{f"item.{key}": value for key, value in (item or {}).items()}}
            arguments = task.get("arguments", {})
            given = {entry["name"]: filled(entry["value"], own) for entry in arguments.get("parameters", ())}
            handed = {}
            for entry in arguments.get("artifacts", ()):
                kind, first, *rest = TAG.fullmatch(entry["from"])[1].split(".")
                if kind == "inputs":
                    handed[entry["name"]] = artifacts[rest[0]]
                else:
                    assert first in ancestors(task, tasks), f"{path} takes from {first}, which it does not wait for"
                    handed[entry["name"]] = done[first][rest[-1]]
            results = self.template(task["template"], given, handed, f"{path}.{place}" if item else path)
        return results

    def container(self, template, known, artifacts, path):
        work = self.folder / "pods" / path
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for entry in template.get("inputs", {}).get("artifacts", ()):
            source = artifacts.get(entry["name"])
            source = source or self.folder / "bucket" / filled(entry["s3"]["key"], known)
            target = here(entry["path"], work)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        container = template["container"]
        words = [str(here(filled(word, known), work)) for word in (*container["command"], *container["args"])]
        assert words[:2] == ["python", "-m"]
        self.started.append(path)
        log = self.folder / "log.txt"
        process = PROCESSES.Process(target=run_module, args=(words[2:], {"RLVR_CACHE": f"{self.folder}/cache"}, log))
        process.start()
        process.join(400)
        assert process.exitcode == 0, f"{path}: {log.read_text()[-4000:]}"
        made = {}
        for entry in template.get("outputs", {}).get("artifacts", ()):
            target = self.folder / "bucket" / filled(entry["s3"]["key"], known)
            assert not target.exists(), f"{path} writes over {target}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here(entry["path"], work), target)
            made[entry["name"]] = target
        return made


def run_module(words, environment, log):
    """What `python -m` does, with output into a file."""
    os.environ.update(environment, OMP_NUM_THREADS="1")
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def here(text, work):
    """A pod's own folder is one of this machine."""
    return (
        Path(text.replace("/tmp/rlvr", str(work)))
        if text.startswith("/tmp/rlvr")
        else text.replace("/tmp/rlvr", str(work))
    )


def filled(text, known):
    """Replace tags as Argo does, in JSON; one that is not known is an error."""
    quoted = TAG.sub(lambda tag: json.dumps(known[tag[1]], ensure_ascii=True)[1:-1], json.dumps(text))
    return json.loads(quoted)


def ancestors(task, tasks):
    found = set(task.get("dependencies", ()))
    for name in tuple(found):
        found |= ancestors(tasks[name], tasks)
    return found
