"""Starting a whole run, watching how far it is, and killing every process of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from whole_run import NAME

from rlvr.store import Store, open_store

MARK = "RLVR_TEST_RUN"
"""Environment variable by which the processes of a run are known, whatever became of their parents."""
OTHERS = ("tmp.", "torchinductor_", "kfp-workspace-")
"""Temporary folders of kfp (one small file a stage; an empty one a killed run) and of torch, which are not ours."""
PATIENCE_SECONDS = 900


class DisturbedRun:
    """One run in `folder`, which may be started again and again."""

    def __init__(self, folder: Path, store: str = "", processes: int = 1, **environment: str) -> None:
        self.folder, self.store, self.processes = folder, store or str(folder / "store"), processes
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.mark = uuid4().hex
        tests = Path(__file__).parent
        paths = [str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")]
        self.environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "TMPDIR": str(self.temporary),
            MARK: self.mark,
            **environment,
        }
        for name in ("RLVR_PROGRESS", "RLVR_LOCK", "RLVR_RUN"):
            self.environment.pop(name, None)
        self.process: subprocess.Popen[str] | None = None
        self.output = ""

    @property
    def run(self) -> Path:
        """The run's own folder."""
        return self.folder / "runs" / NAME

    def start(self) -> None:
        """Start it, or go on with it."""
        (self.run / "progress.jsonl").unlink(missing_ok=True)  # what it told before its end is not of now
        command = [sys.executable, str(Path(__file__).parent / "whole_run.py")]
        with open(self.folder / "output.txt", "w") as output:
            self.process = subprocess.Popen(
                [*command, str(self.folder), self.store, str(self.processes)],
                stdout=output, stderr=subprocess.STDOUT, env=self.environment, start_new_session=True,
            )  # fmt: skip
        self.began = time.monotonic()

    def progress(self) -> list[dict]:
        """What the stages have told since the last start."""
        path = self.run / "progress.jsonl"
        lines = path.read_text().splitlines() if path.is_file() else []
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def wait_for(self, *stages: str, step: int = 0) -> bool:
        """Wait until the body of one of the stages begins, or has done `step` steps; False when the run ends before."""

        def there(line: dict) -> bool:
            event = line.get("event")
            return line["stage"] in stages and (event is None and line["step"] >= step if step else event == "start")

        return self._wait(lambda lines: any(map(there, lines)))

    def wait_until_after(self, stages: Sequence[str]) -> bool:
        """Wait until these stages are done; False when the run ended without that."""
        wanted = set(stages)
        return self._wait(lambda lines: wanted <= {line["stage"] for line in lines if line.get("event") == "done"})

    def _wait(self, condition: Callable[[list[dict]], bool]) -> bool:
        while self.process.poll() is None and time.monotonic() - self.began < PATIENCE_SECONDS:
            if condition(self.progress()):
                return True
            time.sleep(0.02)
        return False

    def members(self) -> list[int]:
        """Ids of the processes of the run that live, stages, ranks and workers included."""
        wanted, found = f"{MARK}={self.mark}".encode(), []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                alive = b") Z " not in (path / "stat").read_bytes()
                if alive and wanted in (path / "environ").read_bytes().split(b"\0"):
                    found.append(int(path.name))
        return found

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Kill every process at once (stopped first, so that none sees another's end); how many there were."""
        killed: set[int] = set()
        while found := [member for member in self.members() if member not in killed]:
            for member in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, signal.SIGSTOP)
            killed.update(found)
        for member in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, number)
        self.process.wait(PATIENCE_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.members() and time.monotonic() < deadline:
            time.sleep(0.02)
        return len(killed)

    def terminate_stage(self) -> None:
        """SIGTERM to the process that performs the present stage, as a kubelet sends it."""
        for member in self.members():
            with contextlib.suppress(OSError):
                if b"executor_main" in Path(f"/proc/{member}/cmdline").read_bytes():
                    os.kill(member, signal.SIGTERM)

    def end(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(PATIENCE_SECONDS)

    def finish(self) -> str:
        """Wait for its end, which must be a good one; what it printed."""
        code, text = self.end(), self.printed()
        assert code == 0, text[-4000:] + (self.run / "run.log").read_text()[-4000:]
        return text

    def printed(self) -> str:
        """What it has printed since the last start."""
        return (self.folder / "output.txt").read_text()

    def results(self) -> dict[str, str]:
        """Digests of all that must not depend on disturbances: models, rows and predictions."""
        artifacts = json.loads((self.run / "artifacts.json").read_text())
        store, found = self.open_store(), {}
        for stage, outputs in artifacts.items():
            for name, digest in outputs.items():
                if name in ("model", "out_rows") or stage.startswith("ingest"):
                    found[f"{stage}/{name}"] = digest
                if name == "predictions":
                    found[f"{stage}/{name}"] = store.manifest(digest).files["predictions.parquet"].sha256
        return found

    def open_store(self) -> Store:
        """The run's store, with the run's environment."""
        with self._surroundings():
            return open_store(self.store)

    def documents(self, prefix: str) -> list[str]:
        """Keys of the store's documents with a prefix."""
        with self._surroundings():
            return self.open_store().keys(prefix)

    def artifacts(self) -> list[str]:
        """Digests of the store's artifacts."""
        return [key.removeprefix("manifests/").removesuffix(".json") for key in self.documents("manifests/")]

    def leftovers(self) -> list[str]:
        """What a run that has ended should not leave: processes, temporary files, checkpoints."""
        temporary = [path.name for path in self.temporary.iterdir() if not path.name.startswith(OTHERS)]
        staged = [
            str(path.relative_to(self.folder))
            for path in self.folder.glob("**/.staging/*")
            if path.name != "exchange.lock"
        ]
        return [*map(str, self.members()), *temporary, *staged, *self.documents("checkpoints/")]

    def written(self) -> dict[str, tuple[int, int, int]]:
        """Every file of a store in a folder with what tells whether it was written again: inode, time, size."""
        files = [path for path in Path(self.store).rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_size) for path in files}

    def command(self, *arguments: str) -> str:
        """What `rlvr` prints, in the run's environment."""
        program = [sys.executable, "-m", "rlvr_pipelines", *arguments]
        done = subprocess.run(program, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """The run's environment as this process's own."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        del os.environ[MARK]
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
