"""Images built by Podman from a bare Debian, and a pipeline whose stages run in them with S3 between. Takes minutes.

The image of evaluation is that of training here, which holds all that evaluation needs: it saves a build.
RLVR_TEST_PODMAN names a folder that keeps Podman's storage, so that a second run builds only what changed.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import podman_machine
import pytest

ROOT = Path(__file__).parent.parent.parent
REASON = podman_machine.missing()
pytestmark = [pytest.mark.images, pytest.mark.skipif(REASON is not None, reason=str(REASON))]
SMALL = {
    "backbone.tiny.hidden_size": 64,
    "backbone.tiny.layers": 2,
    "backbone.tiny.vision_size": 32,
    "backbone.tiny.warmup_steps": 6,
    "backbone.tiny.warmup_rows": 64,
    "tasks.*.source.limit": 24,
    "benchmarks.*.source.limit": 16,
    "benchmarks.*.sampling.max_new_tokens": 24,
    "stages.grpo.prompts_per_step": 2,
    "stages.grpo.group_size": 4,
    "stages.grpo.steps": 6,
    "stages.grpo.sampling.max_new_tokens": 24,
    "stages.grpo.checkpoint_every": 2,
}
COMMAND = [sys.executable, "-m", "rlvr_pipelines", "run", "r1_vlm"]
COMMAND += [part for path, value in SMALL.items() for part in ("--set", f"{path}={value}")]


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    """A machine that has the images rlvr-data, rlvr-train and rlvr-evaluate."""
    if reason := podman_machine.wheels_missing(ROOT / "images/cpu.in"):
        pytest.skip(reason)
    kept = os.environ.get("RLVR_TEST_PODMAN")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("podman")
    folder.mkdir(parents=True, exist_ok=True)
    with podman_machine.machine(folder, keep=bool(kept)) as made:
        try:
            base = podman_machine.debian_base(made, folder)
        except podman_machine.NoBase as reason:
            pytest.skip(str(reason))
        if reason := made.obstacle(base):
            pytest.skip(reason)
        command = [sys.executable, "images/build.py", "data", "train", "--variant", "cpu", "--base", base]
        command += ["--runtime", "podman", "--out", str(folder / "out")]
        command += ["--", "--isolation", "chroot", "--network", "host"]
        command += [] if kept else ["--layers=false"]  # what nobody builds again need not be kept step by step
        done = subprocess.run(command, cwd=ROOT, env=made.environment, capture_output=True, text=True, timeout=2400)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        made.podman("tag", "rlvr-train:dev", "rlvr-evaluate:dev")
        made.out = folder / "out"
        yield made


@pytest.fixture(scope="module")
def objects():
    """Environment of an S3 server with a bucket `objects`, and a client of it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    client = boto3.client(
        "s3", endpoint_url=environment["AWS_ENDPOINT_URL"], aws_access_key_id="id",
        aws_secret_access_key="very-secret", region_name="us-east-1",
    )  # fmt: skip
    client.create_bucket(Bucket="objects")
    yield environment, client
    server.stop()


@pytest.fixture
def start(podman, objects):
    """Starts `rlvr run` in a folder with further arguments; what still runs afterwards is killed."""
    started = []

    def begin(folder, *arguments, **variables):
        command = [*COMMAND, "--home", str(folder), "--runner", "docker", "--lock", str(folder / "images.lock")]
        process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=listening,
            env={
                **podman.environment, **objects[0], **variables, "OMP_NUM_THREADS": "1",
                "RLVR_CACHE": str(folder / "cache"),
            },
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        with process:
            process.kill()


@pytest.fixture
def events():
    """An OpenLineage server: its address, and (state, job, key) of what it was sent."""
    told = []

    class Server(BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_POST(self):
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append((event["eventType"], event["job"]["name"], self.headers.get("Authorization")))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    server.server_close()


def listening():
    """What a shell starts in the background does not hear Ctrl-C; these commands shall, wherever the tests run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_images_are_what_their_files_promise(podman):
    for name in ("data", "train"):
        settings = podman.inspect(f"rlvr-{name}:dev")["Config"]
        assert settings["User"] == "1001:0" and not settings.get("Entrypoint")
        labels = settings["Labels"]
        assert labels["org.opencontainers.image.title"] == f"rlvr-{name}"
        assert labels["org.opencontainers.image.created"].endswith("Z")
        sbom = json.loads((podman.out / name / "sbom.cdx.json").read_text())
        held = {part["name"] for part in sbom["components"]}
        assert sbom["bomFormat"] == "CycloneDX" and {"kfp", "boto3", "openlineage-python", "pyarrow"} <= held
        assert ("model-signing" in held) == (name == "data")
        assert ("torch" in held) == (name == "train") and "pip" not in held
        table = list(csv.reader((podman.out / name / "licences.csv").read_text().splitlines()))
        assert len(table) == len(sbom["components"]) + 1
        assert ["boto3", "Apache-2.0"] in [[row[0], row[2]] for row in table]


def test_nothing_of_the_build_machine_is_in_an_image(podman):
    history = podman.podman("history", "--no-trunc", "--format", "{{.CreatedBy}}", "rlvr-data:dev")
    assert "://" not in history
    find = "find /opt /home /etc -name 'pip*.conf' -o -name requirements.txt; ls /run/secrets /build 2>/dev/null; true"
    assert podman.podman("run", "--rm", "rlvr-data:dev", "sh", "-c", find).split() == []


def test_bytecode_holds_whatever_the_dates_of_files_are(podman):
    """Dates in an image are not those at which its bytecode was made, so bytecode that asks for them is never used."""
    code = (
        "import pathlib, sysconfig; "
        "found = list(pathlib.Path(sysconfig.get_path('purelib')).rglob('*.pyc')); "
        "print(len(found), sum(path.read_bytes()[4] != 1 for path in found))"
    )
    files, dated = podman.podman("run", "--rm", "rlvr-data:dev", "python3", "-c", code).split()
    assert int(files) > 1000 and int(dated) == 0


def test_any_user_can_run_an_image(podman):
    code = "import pathlib, torch, transformers, rlvr.rl.train; pathlib.Path.home().joinpath('mine').touch()"
    options = ["--rm", "--user", "123456:0", "--cap-drop", "ALL", "--network", "none"]
    podman.podman("run", *options, "rlvr-train:dev", "python3", "-c", code)
    assert podman.podman("run", *options, "rlvr-train:dev", "id", "-u").strip() == "123456"


def test_a_pipeline_runs_in_containers_with_s3_between(start, objects, events, tmp_path):
    told = {"OPENLINEAGE_URL": events[0], "OPENLINEAGE_API_KEY": "key-of-the-server"}
    process = start(tmp_path, "--store", "s3://objects/store", **told)
    output = process.communicate(timeout=900)[0]
    run = tmp_path / "runs/r1_vlm-laptop-seed0"
    assert process.returncode == 0, output + (run / "run.log").read_text()[-6000:]
    assert "grpo: started" in output and "held_out_digits" in output
    (benchmark,) = json.loads((run / "metrics.json").read_text())["benchmarks"]
    assert benchmark["n"] == 16
    made = json.loads((run / "artifacts.json").read_text())
    keys = {entry["Key"] for entry in objects[1].list_objects_v2(Bucket="objects")["Contents"]}
    assert f"store/artifacts/{made['grpo']['model']}/model.safetensors" in keys
    log = (run / "run.log").read_text()
    assert "localhost/rlvr-data:dev" in log and "localhost/rlvr-evaluate:dev" in log
    outputs = next(run.glob("pipeline/*/grpo/model"))
    assert (outputs.stat().st_uid, outputs.stat().st_gid) == (1001, 0)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".log", ".html"):
            text = path.read_text(errors="replace")
            assert "very-secret" not in text and "key-of-the-server" not in text, path
    stages = {job for _, job, _ in events[1]}
    assert {"ingest", "verify", "base", "grpo", "evaluate tuned", "report"} <= stages
    key = "Bearer key-of-the-server"
    assert sorted(events[1]) == sorted((state, job, key) for job in stages for state in ("START", "COMPLETE"))
    again = start(tmp_path, "--store", "s3://objects/store").communicate(timeout=300)[0]
    assert "grpo: already done" in again
    assert json.loads((run / "artifacts.json").read_text()) == made


def test_an_error_in_a_container_is_told_as_the_stage_s_own(start, tmp_path):
    process = start(tmp_path, "--store", "s3://objects/store", "--data", "s3://objects/nothing")
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 1 and "Stage ingest:" in output and "s3://objects/nothing" in " ".join(output.split())
    assert "Traceback" not in output


def test_an_interrupted_command_leaves_no_container(start, podman, tmp_path):
    process = start(tmp_path, "--store", "s3://objects/interrupted")
    progress = tmp_path / "runs/r1_vlm-laptop-seed0/progress.jsonl"
    deadline = time.monotonic() + 120
    while not (progress.is_file() and '"start"' in progress.read_text()) and time.monotonic() < deadline:
        time.sleep(0.1)
    running = podman.podman("ps", "--quiet").split()
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    assert running and process.returncode == 130 and "Interrupted" in output, output
    deadline = time.monotonic() + 20
    while podman.podman("ps", "--quiet").split() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert podman.podman("ps", "--quiet").split() == []


def test_a_missing_image_is_named_before_anything_runs(start, tmp_path):
    (tmp_path / "images.lock").write_text(json.dumps({"rlvr-train": "localhost/absent:dev"}))
    process = start(tmp_path, "--store", "s3://objects/store")
    output = " ".join(process.communicate(timeout=60)[0].split())
    assert process.returncode == 1 and "no image localhost/absent:dev" in output
    assert not os.path.exists(tmp_path / "runs")
