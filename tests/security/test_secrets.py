"""Canaries in every place where a secret may be set: none of them is found in anything that is written or shown."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from rlvr.launch import failure, train_log
from rlvr.progress import report
from rlvr.redaction import redacted, secrets
from rlvr_pipelines.methods import METHODS

SECRET_VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN",
    "RLVR_JUDGE_KEY", "RLVR_KFP_TOKEN", "OPENLINEAGE_API_KEY", "OPENAI_API_KEY", "GITHUB_TOKEN", "PGPASSWORD",
    "SOME_CREDENTIAL", "OPENLINEAGE__TRANSPORT__AUTH__APIKEY",
)  # fmt: skip
CANARIES = {name: f"canary-{number}-{name.lower()}-7f3a" for number, name in enumerate(SECRET_VARIABLES)}
PASSWORD = "canary-proxy-p@ss/7f3a"
ADDRESSES = {
    "HTTP_PROXY": f"http://me:{quote(PASSWORD, safe='')}@127.0.0.1:9",
    "HTTPS_PROXY": f"http://me:{quote(PASSWORD, safe='')}@127.0.0.1:9",
    "RLVR_JUDGE_URL": "http://canary-judge-host-7f3a.invalid/v1",
}
"""Passwords in addresses; of the judge's endpoint the address itself is nobody's business."""


def forms(secret):
    """How a secret may be written."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), encoded, json.dumps(secret)[1:-1]}


EVERYTHING = {form for secret in (*CANARIES.values(), PASSWORD, "canary-judge-host-7f3a") for form in forms(secret)}


def leaks(content):
    """The canaries in some bytes."""
    return {form for form in EVERYTHING if form.encode() in content}


def leaking_files(folder):
    return {str(path): found for path in folder.rglob("*") if path.is_file() and (found := leaks(path.read_bytes()))}


def environment(folder, **more):
    signing = folder / "keys" / "machine.pem"
    return {
        **{name: value for name, value in os.environ.items() if name != "RLVR_STORE"},
        **CANARIES,
        **ADDRESSES,
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "home" / ".config"),
        "TMPDIR": str(folder),
        "RLVR_SIGNING_KEY": str(signing),
        "HF_HUB_OFFLINE": "1",
        "NO_PROXY": "*",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        **more,
    }


@pytest.fixture
def place(tmp_path):
    from rlvr.lineage.keys import make_key

    (tmp_path / "home").mkdir()
    make_key(tmp_path / "keys" / "machine.pem")
    return tmp_path


def ran(place, *arguments, **more):
    """Exit code and everything that a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "rlvr_pipelines", *arguments],
        capture_output=True,
        cwd=place,
        env=environment(place, **more),
        timeout=900,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


SMALL = {
    "backbone.tiny.hidden_size": 64, "backbone.tiny.layers": 2, "backbone.tiny.vision_size": 32,
    "backbone.tiny.warmup_steps": 2, "backbone.tiny.warmup_rows": 32, "tasks.*.source.limit": 24,
    "benchmarks.*.source.limit": 4, "benchmarks.*.sampling.max_new_tokens": 4, "stages.grpo.prompts_per_step": 2,
    "stages.grpo.group_size": 2, "stages.grpo.steps": 2, "stages.grpo.sampling.max_new_tokens": 4,
    "stages.grpo.checkpoint_every": 1,
}  # fmt: skip
SET = [part for path, value in SMALL.items() for part in ("--set", f"{path}={value}")]


def test_a_whole_run_writes_no_secret(place):
    """Artifacts, manifests, records, statements, compiled pipeline, log, progress, report and model card."""
    private = (place / "keys" / "machine.pem").read_text().splitlines()[1]
    code, shown = ran(place, "run", "r1_vlm", "--home", str(place / "work"), *SET)
    assert code == 0, shown.decode()
    run = place / "work" / "runs" / "r1_vlm-laptop-seed0"
    for name in ("report.html", "run.log", "progress.jsonl", "README.md"):
        assert (run / name).is_file()
    ledger = place / "work" / "store" / "ledger"
    assert len(list(ledger.glob("*.json"))) > 5
    statements = [json.loads(path.read_text()) for path in sorted(ledger.glob("0*.json"))]
    assert all(leaks(base64.b64decode(statement["payload"])) == set() for statement in statements)
    assert leaks(shown) == set() and leaking_files(place) == {}
    keys = {path for path in place.rglob("*") if path.is_file() and private.encode() in path.read_bytes()}
    assert keys == {place / "keys" / "machine.pem"} and private.encode() not in shown
    code, shown = ran(
        place, "audit", "verify", str(run), "--keys", str(place / "keys"), "--html", str(place / "a.html")
    )
    assert leaks(shown) == set() and leaking_files(place) == {}


LEAKING = """
import os
def leak(completions, **columns):
    raise RuntimeError("401 Client Error for token " + " ".join(os.environ[name] for name in {names!r}))
"""


@pytest.mark.slow
def test_a_stage_that_fails_with_secrets_in_its_error_shows_none(place):
    """A library or a reward of one's own that quotes a request: log, traceback, progress and message stay clean."""
    names = [*SECRET_VARIABLES, "HTTP_PROXY"]
    (place / "leaking.py").write_text(LEAKING.format(names=names))
    reward = ("--reward", f"{place / 'leaking.py'}:leak=1")
    code, shown = ran(place, "run", "r1_vlm", "--home", str(place / "work"), *SET, *reward)
    assert code == 1 and b"[HF_TOKEN]" in shown
    assert leaks(shown) == set() and leaking_files(place) == {}
    log = next((place / "work").rglob("run.log")).read_text()
    assert "Traceback" in log and "[RLVR_JUDGE_KEY]" in log


def leak(completions, **columns):
    raise RuntimeError("401 Client Error for token " + os.environ["HF_TOKEN"])


def test_a_reward_that_quotes_secrets_leaves_none_in_facts_and_metrics(canaries):
    """Its errors are kept: by the verify gate beside the row, and by training beside the step."""
    from rlvr.data.gold import judged_scores
    from rlvr.method import Reward, Task
    from rlvr.rl.reward_call import call_reward
    from rlvr.training import Faults

    task = METHODS["r1_vlm"].tasks[0]
    broken = Task(name="t", source=task.source, prompt=task.prompt, rewards=(Reward(function=leak),))
    row = {"row_id": "a", "source": "s", "task": "t", "prompt": "?", "answer": "1", "answer_kind": "integer"}
    _, errors, _ = judged_scores(broken, [{**row, "extra": json.dumps({"label": "[1]"})}])
    assert "[HF_TOKEN]" in errors[0] and leaks(errors[0].encode()) == set()
    found = call_reward(lambda numbers: [1.0] if numbers == [0] else leak([]), 2, "leak", Faults(reward="zero"), None)
    assert "[HF_TOKEN]" in found.problems[1] and leaks(str(found).encode()) == set()


@pytest.mark.parametrize("name", [name for name in METHODS if "/" not in name])
def test_compiled_pipelines_and_pages_hold_no_secret(name, monkeypatch, tmp_path, capsys):
    from rlvr_pipelines import cli
    from rlvr_pipelines.compile import compile_pipeline
    from rlvr_pipelines.profiles import profile

    for variable, value in {**CANARIES, **ADDRESSES}.items():
        monkeypatch.setenv(variable, value)
    for sized in ("laptop", "node", "cluster") if name == "r1_vlm" else ("cluster",):
        out, lock = tmp_path / f"{sized}.yaml", tmp_path / "no.lock"
        compile_pipeline(METHODS[name], profile(sized, name), out, store="s3://b/p", lock=lock, allow_unpinned=True)
    for arguments in (["show", name], ["show", name, "--json"], ["methods"]):
        monkeypatch.setattr("sys.argv", ["rlvr", *arguments])
        with pytest.raises(SystemExit):
            cli.main()
    assert leaking_files(tmp_path) == {} and leaks("".join(capsys.readouterr()).encode()) == set()


@pytest.fixture
def canaries(monkeypatch):
    for name, value in {**CANARIES, **ADDRESSES}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", CANARIES)
def test_a_secret_is_replaced_by_its_variables_name(name, canaries):
    assert redacted(f"401 for {CANARIES[name]}, twice: {CANARIES[name]}") == f"401 for [{name}], twice: [{name}]"


def test_passwords_of_addresses_are_secrets_in_every_form(canaries):
    told = redacted(f"{ADDRESSES['HTTP_PROXY']} and {PASSWORD}")
    assert told == "http://me:[HTTPS_PROXY]@127.0.0.1:9 and [HTTPS_PROXY]"


def test_what_only_names_a_place_or_is_short_is_no_secret():
    found = secrets(
        {
            "RLVR_SIGNING_KEY": "/keys/machine.pem",
            "RLVR_TRUSTED_KEYS": "/keys/trusted",
            "RLVR_KFP_TOKEN_FILE": "/var/run/token",
            "TOKENIZERS_PARALLELISM": "disabled",
            "SOME_TOKEN": "on",
            "EMPTY_KEY": "",
            "PATH": "/usr/bin:/bin",
            "ODD": "http://[::1@x",
            "PLAIN": "http://host:80/a@b",
        }
    )
    assert found == {}


def test_the_longer_of_two_secrets_goes_first():
    found = secrets({"A_TOKEN": "abcdef", "B_TOKEN": "abcdefghij"})
    assert list(found) == ["abcdefghij", "abcdef"]


def test_progress_and_logs_of_pods(canaries, capsys, monkeypatch, tmp_path):
    secret = CANARIES["HF_TOKEN"]
    monkeypatch.setenv("RLVR_PROGRESS", str(tmp_path / "progress.jsonl"))
    report("grpo", 1, 1, event="error", message=f"401 for {secret}")
    monkeypatch.delenv("RLVR_PROGRESS")
    report("grpo", 1, 1, event="error", message=f"401 for {secret}")
    train_log.relay("grpo")(f"Traceback: {secret}")
    assert leaking_files(tmp_path) == {} and leaks("".join(capsys.readouterr()).encode()) == set()


def test_a_failure_report_holds_no_secret(canaries, monkeypatch):
    class Cluster:
        """As much of a cluster as a report asks for: one pod that failed, with its last lines and its message."""

        namespace = "here"

        def pods(self, name):
            ended = {
                "exitCode": 1,
                "message": json.dumps({"time": 1, "readable": False, "message": CANARIES["HF_TOKEN"]}),
            }
            status = {"containerStatuses": [{"name": "node", "state": {"terminated": ended}}]}
            return [{"metadata": {"name": "pod-0"}, "spec": {}, "status": status}]

        def events(self, name):
            return []

        def log(self, name, since=None, *, follow=False, tail=None):
            return iter([f"2026-01-01T00:00:00Z key {CANARIES['AWS_SECRET_ACCESS_KEY']}"])

    found = failure.diagnose(Cluster(), {"metadata": {"name": "job"}, "status": {}})
    assert "[HF_TOKEN]" in found.message and "[AWS_SECRET_ACCESS_KEY]" in json.dumps(found.document)
    assert leaks((found.message + json.dumps(found.document)).encode()) == set()


def test_an_uncaught_error_of_a_command_shows_no_secret(place):
    program = (
        "import os, sys\nfrom rlvr_pipelines import cli\ndef fail():\n    raise KeyError(os.environ['HF_TOKEN'])\n"
    )
    program += "cli.app = fail\ncli.main()\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment(place), check=False)
    assert done.returncode == 1 and b"KeyError: '[HF_TOKEN]'" in done.stderr and leaks(done.stderr) == set()
