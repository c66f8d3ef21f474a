"""Upload and download of an artifact, digests included, beside `aws s3 cp --recursive` on the same local server.

python tests/speed/transfer.py [--quick] [--rounds 3]

Both are whole processes, from their start to their end, taking turns; the best of the rounds counts. The server is
`s3_server.py` on a memory disk; it looks at nothing, so what is measured is the clients. The environment with awscli is
made in the temporary folder, for awscli does not agree with boto3's version.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SETS = {
    "1 x 1 GiB": (1, 1 << 30),
    "8 x 128 MiB": (8, 128 << 20),
    "2,000 x 64 KiB": (2000, 64 << 10),
}
OURS = """
import sys
from pathlib import Path
from rlvr.store import open_store

store = open_store("s3://speed/rlvr")
print(store.put(Path(sys.argv[2])).digest if sys.argv[1] == "put" else store.get(sys.argv[2]))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One process."""

    seconds: float
    """From its start to its end."""
    processor_seconds: float
    """User and system time."""
    memory_mib: float
    """Largest resident set."""
    output: str
    """What it printed."""


def run(command: list[str], environment: dict[str, str]) -> Run:
    """Run a command that must succeed."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[:4]} ended with {process.returncode}")
        output.seek(0)
        return Run(
            seconds=seconds,
            processor_seconds=usage.ru_utime + usage.ru_stime,
            memory_mib=usage.ru_maxrss / 1024,
            output=output.read().decode().strip(),
        )


def make(folder: Path, count: int, size: int) -> Path:
    """A folder of `count` files of `size` random bytes."""
    folder.mkdir()
    for number in range(count):
        with (folder / f"part-{number:05d}.bin").open("wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(os.urandom(min(1 << 20, size - start)))
    return folder


def aws_of(folder: Path) -> str:
    """The `aws` of an environment made in `folder`."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "awscli"], check=True)
    return str(folder / "bin/aws")


def compare(name: str, source: Path, aws: str, folder: Path, rounds: int) -> None:
    """Measure one set and print its two lines."""
    size = sum(path.stat().st_size for path in source.iterdir())
    best: dict[str, Run] = {}

    def keep(what: str, command: list[str], **environment: str) -> str:
        done = run(command, environment)
        if what not in best or done.seconds < best[what].seconds:
            best[what] = done
        return done.output

    def serve(do: Callable[[str], None]) -> None:
        """With a fresh server, for both."""
        place = folder / "server"
        place.mkdir()
        server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("s3_server.py")), str(place)], stdout=subprocess.PIPE
        )
        try:
            assert server.stdout is not None
            do(server.stdout.readline().decode().strip())
        finally:
            server.terminate()
            server.wait()
            shutil.rmtree(place)

    def ours(url: str) -> None:
        code = [sys.executable, "-c", OURS]
        digest = keep("ours up", [*code, "put", str(source)], AWS_ENDPOINT_URL=url)
        got = keep("ours down", [*code, "get", digest], AWS_ENDPOINT_URL=url, RLVR_CACHE=str(folder / "cache"))
        assert len(list(Path(got).iterdir())) == len(list(source.iterdir()))
        shutil.rmtree(folder / "cache")

    def theirs(url: str) -> None:
        copy = [aws, "s3", "cp", "--recursive", "--only-show-errors"]
        keep("theirs up", [*copy, str(source), "s3://speed/aws"], AWS_ENDPOINT_URL=url)
        keep("theirs down", [*copy, "s3://speed/aws", str(folder / "copy")], AWS_ENDPOINT_URL=url)
        assert len(list((folder / "copy").iterdir())) == len(list(source.iterdir()))
        shutil.rmtree(folder / "copy")

    for number in range(rounds):
        for do in (ours, theirs) if number % 2 == 0 else (theirs, ours):
            serve(do)
    for direction, words in (("up", "upload"), ("down", "download")):
        us, them = best[f"ours {direction}"], best[f"theirs {direction}"]
        cells = [
            f"{one.seconds:.2f} s, {size / one.seconds / 1e6:,.0f} MB/s, {one.processor_seconds:.2f} s, "
            f"{one.memory_mib:.0f} MiB"
            for one in (us, them)
        ]
        print(f"| {name}, {words} | {cells[0]} | {cells[1]} | {them.seconds / us.seconds:.2f}x |", flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="an eighth of the bytes or files, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--aws", help="an `aws` to use instead of making an environment for it")
    given = parser.parse_args()
    memory_disk = "/dev/shm" if Path("/dev/shm").is_dir() else None
    os.environ.update(
        AWS_ACCESS_KEY_ID="speed", AWS_SECRET_ACCESS_KEY="speed", AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(dir=memory_disk) as place:
        folder = Path(place)
        aws = given.aws or aws_of(folder / "awscli")
        version = subprocess.run([aws, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"{version}; {os.cpu_count()} processors, load {load} before")
        print("| files | rlvr: time, rate, processor, memory | aws s3 cp | aws/rlvr |\n|---|---|---|---|")
        for name, (count, size) in SETS.items():
            if given.quick:
                name, count, size = f"{name} / 8", max(1, count // 8), size // 8 if count == 1 else size
            source = make(folder / "source", count, size)
            compare(name, source, aws, folder, 1 if given.quick else given.rounds)
            shutil.rmtree(source)
        print("load", ", ".join(f"{value:.1f}" for value in os.getloadavg()), "after")


if __name__ == "__main__":
    main()
