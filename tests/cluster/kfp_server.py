"""An API server of Kubeflow Pipelines for tests: real HTTP, its objects in memory, faults on demand.

Requests and answers are held to the published contract (`api_contract`); a request that breaks it is answered with 400
and remembered in `broken`, which the fixture looks at.
"""

import json
import re
import socket
import threading
import time
from datetime import UTC, datetime
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml
from api_contract import check_model, check_swagger

TOKEN = "a-token-that-nobody-may-see"
BASE = "/apis/v2beta1"
PROXY = "/api/v1/namespaces/kubeflow/services/ml-pipeline:http/proxy"
"""Where a cluster's own API server passes requests on to Kubeflow Pipelines."""


class KfpServer:
    """Pipelines, versions, experiments, runs and recurring runs by identifier, and what was asked."""

    def __init__(self, *, multi_user=False, token=None):
        self.pipelines, self.versions, self.experiments, self.runs, self.recurring = {}, {}, {}, {}, {}
        self.multi_user, self.token = multi_user, token
        self.requests, self.broken, self.faults, self.page_size = [], [], [], 100
        self.on_run_read, self.paths = None, []
        self._count, self.lock = 0, threading.RLock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        self.http.daemon_threads, self.http.kfp = True, self
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def identifier(self, kind):
        self._count += 1
        return f"{kind}-{self._count}"

    def fail(self, method, path, *, status=0, times=1, done=False, headers=None, message="told by the test"):
        """Answer the next `times` such requests with `status`; 0 drops the connection, -1 lets it hang.

        With `done` the request is carried out first, so that only its answer is lost.
        """
        fault = {"method": method, "path": path, "status": status, "times": times, "done": done}
        self.faults.append({**fault, "headers": headers or {}, "message": message})

    def fault(self, method, path):
        for fault in self.faults:
            if fault["times"] and fault["method"] == method and re.fullmatch(fault["path"], path):
                fault["times"] -= 1
                return fault
        return None

    def asked(self, method, path=".*"):
        return [entry for entry in self.requests if entry[0] == method and re.fullmatch(path, entry[1])]


def now():
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Refused(Exception):
    """Answer with this status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or every answer waits 40 ms for the kernel

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def do_DELETE(self):
        self._answer("DELETE")

    def _answer(self, method):
        kfp, parts = self.server.kfp, urlsplit(self.path)
        kfp.paths.append(parts.path)
        parts = parts._replace(path=parts.path.removeprefix(PROXY))
        path = parts.path.removeprefix(BASE)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kfp.requests.append((method, path, query, raw))
        fault = kfp.fault(method, path)
        if fault and not fault["done"]:
            self._break(fault)
            return
        status, answer = 200, None
        with kfp.lock:
            try:
                if kfp.token and self.headers.get("Authorization") != f"Bearer {kfp.token}":
                    raise Refused(401, "Request header error: there is no user identity header.")
                body = self._body(raw)
                answer, kind = _route(kfp, method, path, query, body)
                check_model(kind, answer, kind)
                check_swagger(method, parts.path, query, _json(body), 200, answer)
            except Refused as refused:
                status, answer = refused.status, {"code": 3, "message": str(refused), "details": []}
                check_swagger(method, parts.path, query, None, status, answer)
            except Exception as error:  # a broken contract, whichever way it shows
                kfp.broken.append(f"{method} {self.path}: {type(error).__name__}: {error}")
                status, answer = 400, {"code": 3, "message": str(error), "details": []}
        if fault:
            self._break(fault)
        else:
            self._send(status, json.dumps(answer).encode())

    def _body(self, raw):
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            parts = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw).get_payload()
            assert [part.get_param("name", header="content-disposition") for part in parts] == ["uploadfile"]
            return parts[0].get_payload(decode=True)
        return json.loads(raw) if raw else None

    def _break(self, fault):
        if fault["status"] == -1:
            time.sleep(3.0)
        if fault["status"] <= 0:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        text = {"code": 2, "message": fault["message"], "details": []}
        web = fault["headers"].get("Content-Type") == "text/html"
        body = b"<html>log in</html>" if web else json.dumps(text).encode()
        self._send(fault["status"], body, fault["headers"])

    def _send(self, status, body, headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _json(body):
    return None if isinstance(body, bytes) else body


def _route(kfp, method, path, query, body):
    """The answer and the name of its model."""
    kinds = {"pipelines": kfp.pipelines, "experiments": kfp.experiments, "runs": kfp.runs}
    kinds["recurringruns"] = kfp.recurring
    match (method, *path.strip("/").replace(":", "/:").split("/")):
        case ("GET", "healthz"):
            return {"multi_user": kfp.multi_user}, "V2beta1GetHealthzResponse"
        case ("POST", "pipelines"):
            check_model("V2beta1Pipeline", body, "pipeline")
            if any(one["name"] == body["name"] for one in kfp.pipelines.values()):
                raise Refused(409, f"Pipeline {body['name']} already exists")
            return _keep(kfp.pipelines, kfp, "pipeline", body), "V2beta1Pipeline"
        case ("POST", "pipelines", "upload_version"):
            return _upload(kfp, query, body), "V2beta1PipelineVersion"
        case ("GET", "pipelines", pipeline, "versions"):
            found = [one for one in kfp.versions.values() if one["pipeline_id"] == pipeline]
            return _page(kfp, found, query, "pipeline_versions"), "V2beta1ListPipelineVersionsResponse"
        case ("GET", "pipelines", _, "versions", version):
            return _one(kfp.versions, version), "V2beta1PipelineVersion"
        case ("POST", "experiments"):
            check_model("V2beta1Experiment", body, "experiment")
            return _keep(kfp.experiments, kfp, "experiment", body), "V2beta1Experiment"
        case ("POST", "runs"):
            check_model("V2beta1Run", body, "run")
            _require_version(kfp, body)
            return _keep(kfp.runs, kfp, "run", {**body, "state": "PENDING"}), "V2beta1Run"
        case ("POST", "recurringruns"):
            return _recurring(kfp, body), "V2beta1RecurringRun"
        case ("POST", "runs", run, ":terminate"):
            _one(kfp.runs, run)["state"] = "CANCELING"
            return {}, "object"
        case ("POST", "recurringruns", schedule, (":enable" | ":disable") as verb):
            _one(kfp.recurring, schedule)["status"] = "ENABLED" if verb == ":enable" else "DISABLED"
            return {}, "object"
        case ("DELETE", "recurringruns", schedule):
            _one(kfp.recurring, schedule)
            del kfp.recurring[schedule]
            return {}, "object"
        case ("GET", "runs", run):
            if kfp.on_run_read:
                kfp.on_run_read(_one(kfp.runs, run))
            return _one(kfp.runs, run), "V2beta1Run"
        case ("GET", kind, identifier) if kind in kinds:
            return _one(kinds[kind], identifier), MODELS[kind][0]
        case ("GET", kind) if kind in kinds:
            return _page(kfp, _visible(kinds[kind].values(), query), query, MODELS[kind][1]), MODELS[kind][2]
    raise Refused(404, f"there is no {method} {path}")


MODELS = {
    "pipelines": ("V2beta1Pipeline", "pipelines", "V2beta1ListPipelinesResponse"),
    "experiments": ("V2beta1Experiment", "experiments", "V2beta1ListExperimentsResponse"),
    "runs": ("V2beta1Run", "runs", "V2beta1ListRunsResponse"),
    "recurringruns": ("V2beta1RecurringRun", "recurringRuns", "V2beta1ListRecurringRunsResponse"),
}


def _keep(place, kfp, kind, body):
    name = "recurring_run_id" if kind == "recurring" else f"{kind}_id"
    made = {**body, name: kfp.identifier(kind), "created_at": now()}
    place[made[name]] = made
    return made


def _one(place, identifier):
    if identifier not in place:
        raise Refused(404, f"{identifier} not found")
    return place[identifier]


def _upload(kfp, query, data):
    _one(kfp.pipelines, query["pipelineid"])
    spec = next(yaml.load_all(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    if any((one["pipeline_id"], one["name"]) == (query["pipelineid"], query["name"]) for one in kfp.versions.values()):
        raise Refused(409, f"Version {query['name']} already exists")
    tags = json.loads(query["tags"])
    assert all(isinstance(value, str) and len(key) <= 63 and len(value) <= 63 for key, value in tags.items())
    made = {
        "pipeline_id": query["pipelineid"], "pipeline_version_id": kfp.identifier("version"), "name": query["name"],
        "display_name": query.get("display_name", query["name"]), "description": query.get("description", ""),
        "created_at": now(), "pipeline_spec": spec, "tags": tags,
    }  # fmt: skip
    kfp.versions[made["pipeline_version_id"]] = made
    return made


def _require_version(kfp, body):
    version = _one(kfp.versions, body["pipeline_version_reference"]["pipeline_version_id"])
    known = version["pipeline_spec"]["root"]["inputDefinitions"]["parameters"]
    given = body["runtime_config"].get("parameters", {})
    if unknown := given.keys() - known.keys():
        raise Refused(400, f"parameters {sorted(unknown)} are not in the pipeline")
    if len(json.dumps(given)) > 10_000:
        raise Refused(400, "parameters are too long")


def _recurring(kfp, body):
    check_model("V2beta1RecurringRun", body, "recurring_run")
    _require_version(kfp, body)
    if not 1 <= int(body["max_concurrency"]) <= 10:
        raise Refused(400, "max_concurrency must be in [1, 10]")
    if cron := body["trigger"].get("cron_schedule", {}).get("cron"):
        assert len(cron.split()) == 6, f"{cron!r} has not six fields"
    status = "ENABLED" if body["mode"] == "ENABLE" else "DISABLED"
    return _keep(kfp.recurring, kfp, "recurring", {**body, "status": status})


def _visible(entries, query):
    return [
        one
        for one in entries
        if query.get("namespace") in (None, one.get("namespace"))
        and query.get("experiment_id") in (None, one.get("experiment_id"))
    ]


def _page(kfp, entries, query, name):
    for predicate in json.loads(query.get("filter") or "{}").get("predicates", []):
        key, wanted = predicate["key"], predicate["stringValue"]
        tests = {"EQUALS": lambda value, w: value == w, "IS_SUBSTRING": lambda value, w: w in value}
        fits = tests[predicate["operation"]]
        entries = [one for one in entries if fits(one.get(key, ""), wanted)]
    start = int(query.get("page_token") or 0)
    size = min(int(query.get("page_size") or 10), kfp.page_size)
    answer = {name: entries[start : start + size], "total_size": len(entries)}
    if start + size < len(entries):
        answer["next_page_token"] = str(start + size)
    return answer
