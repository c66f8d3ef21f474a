"""Writes the hash-locked requirements of images: `make lock-images`, when pyproject.toml or constraints.txt changes.

Versions are those of constraints.txt, which the tests run with. uv resolves for CPython 3.11 on x86-64 Linux, whatever
machine this is; where it looks for packages is up to its own settings (UV_INDEX_URL and others). The locks of variant
cpu need torch's CPU wheels: `python images/lock.py FOLDER` names a folder or page with them.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
UV = [
    "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate", "--upgrade",
    "--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28",
]  # fmt: skip
EVERY = ["pyproject.toml", "--extra", "openlineage", "images/executor.in"]
"""Every stage sends events about itself if it is told where."""
PROJECT = [*EVERY, "--constraint", "constraints.txt"]
CPU = ["images/cpu.in", "--no-emit-package", "deepspeed", "--no-emit-package", "ninja"]
LOCKS = {
    "tools/requirements.txt": ["images/tools/requirements.in", "--constraint", "constraints.txt"],
    "data/requirements.txt": [
        *PROJECT, "--extra", "data", "--extra", "registry", "--extra", "signing", "images/cluster.in",
    ],
    "train/requirements-cuda.txt": [*PROJECT, "--extra", "train", "images/cluster.in"],
    "train/requirements-cpu.txt": [*PROJECT, "--extra", "train", "images/cluster.in", *CPU],
    "lmms-eval/requirements.txt": [*EVERY, "images/lmms-eval/requirements.in"],
    "evaluate/requirements-cuda.txt": [*PROJECT, "--extra", "evaluate"],
    "evaluate/requirements-cpu.txt": [*PROJECT, "--extra", "evaluate", *CPU],
}  # fmt: skip
"""Lock -> what it is made of. Who has a shell in the image of data audits there, released models included."""


def main() -> None:
    """Write every lock."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        sys.exit("images: uv is not installed and resolves the locks: python -m pip install uv")
    if len(sys.argv) != 2:
        sys.exit("images: give the folder or page with torch's CPU wheels: python images/lock.py FOLDER")
    for name, inputs in LOCKS.items():
        places = ["--find-links", sys.argv[1]] if name.endswith("-cpu.txt") else []
        text = _compiled(uv, [*inputs, *places])
        (HERE / name).write_text("# Written by `make lock-images`; change pyproject.toml or constraints.txt.\n" + text)
        print(f"images/{name}: {text.count('==')} packages")


def _compiled(uv: str, inputs: list[str]) -> str:
    done = subprocess.run([uv, *UV, *inputs], cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"images: uv could not resolve {' '.join(inputs)}:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
