"""A Kubernetes API server for tests: real HTTP with watches, log streams, and faults on demand.

It knows the requests of `rlvr.launch`, answers any other with 404, grants what the Role of the manifests grants and
refuses the rest with 403, and checks what is created against the published models of Kubeflow Trainer and, where
`RLVR_CRD_DIR` names them, its CustomResourceDefinitions.
"""

import json
import os
import re
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from rights import asked, granted

import crd_schemas

TOKEN = "token-of-the-service-account"
TRAINER = ("trainer.kubeflow.org", "v1alpha1", "trainjobs")
RUNTIMES = ("trainer.kubeflow.org", "v1alpha1", "trainingruntimes")
QUEUES = ("kueue.x-k8s.io", "v1beta2", "localqueues")
WORKFLOWS = ("argoproj.io", "v1alpha1", "workflows")


def now():
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


class Drop(Exception):
    """Close the connection without an answer."""


class KubeServer:
    """Objects by kind and name in namespace `rlvr`, and what was asked."""

    def __init__(self):
        self.lock = threading.Condition()
        self.version, self.changes, self.oldest = 100, [], 0
        self.custom = {kind: {} for kind in (TRAINER, RUNTIMES, QUEUES, WORKFLOWS)}
        self.pods, self.logs, self.events = {}, {}, []
        self.requests, self.faults, self.on_create, self.on_delete = [], [], None, None
        self.rights, self.used, self.denied = granted("launcher"), set(), set()
        self.streams = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        server.daemon_threads, server.kube = True, self
        self.http, self.url = server, f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def kubeconfig(self, path, token=TOKEN):
        cluster = {"name": "c", "cluster": {"server": self.url}}
        user = {"name": "u", "user": {"token": token}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "rlvr"}}
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "x"}
        path.write_text(json.dumps({**config, "clusters": [cluster], "users": [user], "contexts": [context]}))
        return path

    def fail(self, method, path, answer, times=1, **more):
        """The next `times` requests that match get a status (with `headers`), or lose their connection (`"drop"`)."""
        self.faults.append({"method": method, "path": re.compile(path), "answer": answer, "times": times, **more})

    def fault(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault["times"] and fault["method"] == method and fault["path"].search(path):
                    fault["times"] -= 1
                    return fault
        return None

    def count(self, method, pattern):
        return sum(1 for verb, path in self.requests if verb == method and re.search(pattern, path))

    def put(self, kind, resource, change="MODIFIED"):
        """Store a custom resource and tell whoever watches."""
        with self.lock:
            self.version += 1
            metadata = resource["metadata"]
            metadata["resourceVersion"], metadata["namespace"] = str(self.version), "rlvr"
            metadata.setdefault("uid", f"uid-of-{metadata['name']}-{self.version}")
            if change == "DELETED":
                self.custom[kind].pop(metadata["name"], None)
            else:
                self.custom[kind][metadata["name"]] = resource
            self.changes.append((self.version, kind, change, json.loads(json.dumps(resource))))
            self.lock.notify_all()
        return resource

    def forget_changes(self):
        """Watches from before now get 410."""
        with self.lock:
            self.oldest = self.version

    def cut(self, kind):
        """Break the streams of a kind (`watch` or `log`) that are open now."""
        with self.lock:
            for stream in [each for each in self.streams if each["kind"] == kind]:
                stream["cut"] = True
            self.lock.notify_all()

    def set_condition(self, name, kind, reason="Reason", message="", status="True"):
        with self.lock:
            job = self.custom[TRAINER][name]
            conditions = job.setdefault("status", {}).setdefault("conditions", [])
            conditions[:] = [each for each in conditions if each["type"] != kind]
            at = now()[:19] + "Z"
            conditions.append(
                {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": at}
            )
        self.put(TRAINER, job)

    def set_pod(self, job, index=0, suffix="a", *, phase="Running", state=None, conditions=(), reason=None):
        """Create or change a training pod of a TrainJob."""
        name = f"{job}-node-0-{index}-{suffix}"
        with self.lock:
            old = self.pods.get(name)
            self.pods[name] = {
                "metadata": {
                    "name": name,
                    "namespace": "rlvr",
                    "creationTimestamp": old["metadata"]["creationTimestamp"] if old else now()[:19] + "Z",
                    "labels": {
                        "jobset.sigs.k8s.io/jobset-name": job,
                        "jobset.sigs.k8s.io/replicatedjob-name": "node",
                        "batch.kubernetes.io/job-completion-index": str(index),
                    },
                },
                "spec": {"nodeName": f"machine-{index}", "containers": [{"name": "node", "image": "i"}]},
                "status": {
                    "phase": phase,
                    "reason": reason,
                    "conditions": list(conditions),
                    "containerStatuses": [
                        {
                            "name": "node", "ready": True, "restartCount": 0, "image": "i", "imageID": "i",
                            "state": state or {"running": {"startedAt": now()[:19] + "Z"}},
                        }
                    ],
                },
            }  # fmt: skip
            self.logs.setdefault(name, {"lines": [], "closed": False})
        return name

    def end_pod(self, job, index=0, suffix="a", *, code=0, reason=None, message=None, pod_reason=None, conditions=()):
        ended = {"exitCode": code, "reason": reason or ("Completed" if code == 0 else "Error"), "message": message}
        ended["finishedAt"] = now()[:19] + "Z"
        phase = "Succeeded" if code == 0 else "Failed"
        name = self.set_pod(
            job, index, suffix, phase=phase, state={"terminated": ended}, reason=pod_reason, conditions=conditions
        )
        with self.lock:
            self.logs[name]["closed"] = True
            self.lock.notify_all()
        return name

    def say(self, pod, *lines, stamp=None):
        with self.lock:
            self.logs[pod]["lines"] += [(stamp or now(), line) for line in lines]
            self.lock.notify_all()

    def note(self, name, reason, message):
        self.events.append(
            {
                "metadata": {"name": f"{name}.{len(self.events)}", "namespace": "rlvr"},
                "involvedObject": {"name": name, "namespace": "rlvr"},
                "type": "Warning", "reason": reason, "message": message, "count": 1, "lastTimestamp": now()[:19] + "Z",
            }
        )  # fmt: skip

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)


def problems(job):
    """What the published models and definitions say against a TrainJob."""
    found = []
    from kubeflow_trainer_api.models import TrainerV1alpha1TrainJob

    if TrainerV1alpha1TrainJob.from_dict(job).to_dict() != job:
        found.append("the published model does not keep every field")
    if crd_schemas.VARIABLE in os.environ:
        found += crd_schemas.problems(job, crd_schemas.validators())
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", job["metadata"]["name"]):
        found.append("the name is none")
    for key, value in job["metadata"]["labels"].items():
        if not re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", value):
            found.append(f"label {key} is none")
    reserved = [each["name"] for each in job["spec"]["trainer"]["env"] if each["name"].startswith("PET_")]
    return found + reserved


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def kube(self):
        return self.server.kube

    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def do_DELETE(self):
        self._answer("DELETE")

    def _answer(self, method):
        address = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.kube.requests.append((method, self.path))
        try:
            if fault := self.kube.fault(method, self.path):
                if fault["answer"] == "drop":
                    raise Drop
                return self._status(fault["answer"], fault.get("message", "on demand"), fault.get("headers", {}))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self._status(401, "Unauthorized")
            right = asked(method, address.path, query)
            (self.kube.used if right in self.kube.rights else self.kube.denied).add(right)
            if right not in self.kube.rights:
                return self._status(403, f"the service account may not {method} {address.path}")
            self._route(method, address.path, query, json.loads(body) if body else None)
        except (Drop, BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _route(self, method, path, query, body):
        core = re.fullmatch(r"/api/v1/namespaces/rlvr/(pods|events)(?:/([^/]+))?(/log)?", path)
        custom = re.fullmatch(r"/apis/([^/]+)/([^/]+)/namespaces/rlvr/([^/]+)(?:/([^/]+))?", path)
        if core and core[3]:
            return self._log(core[2], query)
        if core and core[1] == "pods" and core[2]:
            pod = self.kube.pods.get(core[2])
            return self._json(pod) if pod else self._status(404, f'pods "{core[2]}" not found')
        if core and core[1] == "pods":
            found = [pod for pod in self.kube.pods.values() if _labelled(pod, query.get("labelSelector", ""))]
            return self._json({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": found})
        if core:
            wanted = query["fieldSelector"].removeprefix("involvedObject.name=")
            found = [event for event in self.kube.events if event["involvedObject"]["name"] == wanted]
            return self._json({"apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": found})
        if not custom or (kind := (custom[1], custom[2], custom[3])) not in self.kube.custom:
            return self._status(404, "the server could not find the requested resource")
        return self._custom(method, kind, custom[4], query, body)

    def _custom(self, method, kind, name, query, body):
        kube = self.kube
        there = kube.custom[kind]
        if method == "POST":
            if body["metadata"]["name"] in there:
                return self._status(409, f'trainjobs "{body["metadata"]["name"]}" already exists')
            if wrong := problems(body):
                return self._status(422, "; ".join(wrong))
            made = kube.put(kind, body, "ADDED")
            self._json(made, 201)
            if kube.on_create:
                threading.Thread(target=kube.on_create, args=(made["metadata"]["name"],), daemon=True).start()
            return None
        if name and name not in there:
            return self._status(404, f'{kind[2]} "{name}" not found')
        if method == "DELETE":
            assert query["propagationPolicy"] == "Background"
            kube.put(kind, there[name], "DELETED")
            if kube.on_delete:
                kube.on_delete(name)
            return self._json({"kind": "Status", "apiVersion": "v1", "status": "Success"})
        if name:
            return self._json(there[name])
        if query.get("watch") == "True":
            return self._watch(kind, query)
        found = [each for each in there.values() if _labelled(each, query.get("labelSelector", ""))]
        return self._json({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": found})

    def _watch(self, kind, query):
        kube, seen = self.kube, int(query["resourceVersion"])
        wanted = query["fieldSelector"].removeprefix("metadata.name=")
        deadline = time.monotonic() + int(query["timeoutSeconds"])
        stream = {"kind": "watch", "cut": False}
        self._begin("application/json")
        if seen < kube.oldest:
            gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
            self._chunk(json.dumps({"type": "ERROR", "object": gone}) + "\n")
            return self._chunk("")
        kube.streams.append(stream)
        while time.monotonic() < deadline:
            with kube.lock:
                fresh = [change for change in kube.changes if change[0] > seen and change[1] == kind]
                if not fresh and not stream["cut"]:
                    kube.lock.wait(min(0.1, max(0.0, deadline - time.monotonic())))
            if stream["cut"]:
                raise Drop
            for version, _, change, resource in fresh:
                seen = version
                if resource["metadata"]["name"] == wanted:
                    self._chunk(json.dumps({"type": change, "object": resource}) + "\n")
        return self._chunk("")

    def _log(self, name, query):
        kube = self.kube
        log = kube.logs.get(name)
        if log is None:
            return self._status(404, f'pods "{name}" not found')
        assert query["container"] == "node" and query["timestamps"] == "true"
        stream = {"kind": "log", "cut": False}
        self._begin("text/plain")
        kube.streams.append(stream)
        lines = log["lines"]
        sent = len(lines) - int(query["tailLines"]) if "tailLines" in query else 0
        sent = max(0, sent)
        while True:
            with kube.lock:
                fresh = lines[sent:]
                if not fresh and query.get("follow") == "true" and not log["closed"] and not stream["cut"]:
                    kube.lock.wait(0.1)
            if stream["cut"]:
                raise Drop
            sent += len(fresh)
            since = query.get("sinceTime", "")
            text = "".join(f"{stamp} {line}\n" for stamp, line in fresh if stamp[:19] + "Z" >= since)
            if text:
                self._chunk(text)
            if not fresh and (query.get("follow") != "true" or log["closed"]):
                return self._chunk("")

    def _json(self, content, status=200, headers=()):
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for key, value in dict(headers).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def _status(self, code, message, headers=()):
        content = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
        self._json(content, code, headers)

    def _begin(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, text):
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def _labelled(resource, selector):
    labels = resource["metadata"].get("labels") or {}
    return all(labels.get(part.partition("=")[0]) == part.partition("=")[2] for part in selector.split(",") if part)
