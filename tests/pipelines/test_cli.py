"""The command as a new user meets it: help, tables, and one readable paragraph for every mistake."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request

import boto3
import pytest
from moto.server import ThreadedMotoServer

from rlvr_pipelines.methods import METHODS

RLVR = [sys.executable, "-m", "rlvr_pipelines"]


def rlvr(*arguments, cwd, **environment):
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", **environment}
    return subprocess.run(
        [*RLVR, *arguments], capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False
    )


def paragraph(done):
    """The error as one line; asserts that it is one paragraph without a traceback, and exit code 1."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    text = " ".join(done.stderr.split())
    assert text.startswith("rlvr: ")
    return text


def test_help_is_quick_and_imports_nothing_heavy(tmp_path):
    started = time.perf_counter()
    done = rlvr("--help", cwd=tmp_path)
    assert done.returncode == 0 and "compile" in done.stdout
    assert time.perf_counter() - started < 20  # a hang, not a measurement
    code = (
        "import sys, rlvr_pipelines.cli; print([m for m in ('torch', 'kfp', 'pyarrow', 'boto3') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_methods_lists_all_and_show_tells_sources(tmp_path):
    table = rlvr("methods", cwd=tmp_path).stdout
    assert all(part in table for name in METHODS for part in name.split("/"))
    page = rlvr("show", "r1_v", cwd=tmp_path).stdout
    assert "TRL 0.14 default" in page and "Departures" in page and "82.5" in page
    assert json.loads(rlvr("show", "r1_v", "--json", cwd=tmp_path).stdout)["name"] == "r1_v"


def test_compile_writes_or_refuses(tmp_path):
    assert "--allow-unpinned" in paragraph(rlvr("compile", "r1_v", "-o", "a.yaml", cwd=tmp_path))
    assert list(tmp_path.iterdir()) == []
    done = rlvr("compile", "r1_v", "-o", "a.yaml", "--allow-unpinned", cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "a.yaml").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "r1vlm"], "Did you mean 'r1_vlm'"),
        (["run", "r1_v", "--profile", "phone"], "Choose one of laptop, node, cluster"),
        (["run", "r1_v", "--data", "nowhere"], "The folder nowhere of task counting does not exist"),
        (["run", "r1_v", "--set", "stages.grpo.step=3"], "Did you mean 'steps'"),
        (["run", "r1_v", "--set", "stages.grpo.steps=many"], "steps"),
        (["run", "r1_v", "--store", "ftp://host/store"], "ftp://"),
        (["show", "nothing"], "There is no method 'nothing'"),
    ],
)
def test_wrong_arguments_are_one_paragraph_and_leave_nothing(arguments, message, tmp_path):
    assert message in paragraph(rlvr(*arguments, cwd=tmp_path))
    assert list(tmp_path.iterdir()) == []


def write_rows(folder, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "train-0.parquet")


PICTURELESS = {
    "image": {"bytes": b"not a picture", "path": None},
    "problem": "How many?",
    "solution": "<answer> 3 </answer>",
}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (None, "matches"),
        ([], "holds no rows"),
        ([{"picture": b"", "problem": "How many?", "solution": "<answer> 3 </answer>"}], "image"),
        ([PICTURELESS], "decod"),
    ],
    ids=["no file", "empty", "unknown column", "unreadable picture"],
)
def test_wrong_data_stops_the_run_with_one_paragraph(rows, message, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    if rows:
        write_rows(folder, rows)
    elif rows is not None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        (folder / "data").mkdir()
        schema = pa.schema([("image", pa.binary()), ("problem", pa.string()), ("solution", pa.string())])
        pq.write_table(schema.empty_table(), folder / "data" / "train-0.parquet")
    quick = ["--set", "backbone.tiny.warmup_steps=1", "--set", "backbone.tiny.warmup_rows=16"]
    quick += ["--set", "benchmarks.*.source.limit=4"]
    text = paragraph(rlvr("run", "r1_v", "--data", str(folder), "--home", "home", *quick, cwd=tmp_path))
    assert message in text.lower(), text
    assert text.startswith(("rlvr: Stage ingest", "rlvr: Stage verify"))


def check_keys(server, after):
    """Make the server check access keys after so many requests, as a real one does from the first."""
    request = urllib.request.Request(f"{server}/moto-api/reset-auth", after, {"Content-Type": "text/plain"})
    urllib.request.urlopen(request).close()


def test_an_unreachable_store_is_noticed_before_anything_runs(tmp_path):
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "very-secret", "AWS_DEFAULT_REGION": "us-east-1"}
    down = rlvr("run", "r1_v", "--store", "s3://bucket/x", cwd=tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:9", **keys)
    text = paragraph(down)
    assert "127.0.0.1:9" in text and "very-secret" not in text
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        text = paragraph(
            rlvr(
                "run",
                "r1_v",
                "--store",
                "s3://absent/x",
                cwd=tmp_path,
                AWS_ENDPOINT_URL=f"http://{host}:{port}",
                **keys,
            )
        )
        assert "absent" in text
        boto3.client(
            "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", aws_access_key_id="id",
            aws_secret_access_key="very-secret",
        ).create_bucket(Bucket="mine")  # fmt: skip
        check_keys(f"http://{host}:{port}", b"0")
        text = paragraph(
            rlvr(
                "run", "r1_v", "--store", "s3://mine/x", cwd=tmp_path, AWS_ENDPOINT_URL=f"http://{host}:{port}", **keys
            )
        )
        assert "refused access" in text and "AWS_SECRET_ACCESS_KEY" in text and "very-secret" not in text
    finally:
        check_keys(f"http://{host}:{port}", b"inf")
        server.stop()
    assert not (tmp_path / ".rlvr" / "runs").exists()


def test_a_full_disk_is_one_paragraph(tmp_path):
    """A store on a file system of half a megabyte, mounted for this command alone."""
    (tmp_path / "home").mkdir()
    space = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    mount = "mount -t tmpfs -o size=512k none home"
    if shutil.which("unshare") is None or subprocess.run([*space, mount], cwd=tmp_path, capture_output=True).returncode:
        pytest.skip("mount namespaces are not allowed here")
    command = f"{mount} && exec {shlex.join([*RLVR, 'run', 'r1_v', '--home', 'home'])}"
    done = subprocess.run(
        [*space, command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "NO_COLOR": "1"},
    )
    text = paragraph(done)
    assert text.startswith("rlvr: Stage ingest") and re.search("the disk is full", text), text
