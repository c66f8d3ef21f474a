"""Writes the hash-locked requirements of images: `make lock-images`, when pyproject.toml or constraints.txt changes.

Versions are those of constraints.txt, which the tests run with. uv resolves for CPython 3.11 on x86-64 Linux, whatever
machine this is; where it looks for packages is up to its own settings (UV_INDEX_URL, UV_FIND_LINKS). The locks of
variant cpu need an index or folder that offers torch's CPU wheels.
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
PROJECT = ["pyproject.toml", "--constraint", "constraints.txt"]
CPU = ["images/cpu.in", "--no-emit-package", "deepspeed", "--no-emit-package", "ninja"]
LOCKS = {
    "tools/requirements.txt": ["images/tools/requirements.in", "--constraint", "constraints.txt"],
    "data/requirements.txt": [*PROJECT, "--extra", "data", "images/cluster.in"],
    "train/requirements-cuda.txt": [*PROJECT, "--extra", "train", "images/cluster.in"],
    "train/requirements-cpu.txt": [*PROJECT, "--extra", "train", "images/cluster.in", *CPU],
    "evaluate/requirements-cuda.txt": [*PROJECT, "--extra", "evaluate"],
    "evaluate/requirements-cpu.txt": [*PROJECT, "--extra", "evaluate", *CPU],
}
"""Lock -> what it is made of."""
EXECUTOR = ["images/executor.in", "--constraint", "constraints.txt", "--no-deps"]
"""What every stage is started by; it needs nothing else at run time, so its dependencies stay out."""


def main() -> None:
    """Write every lock."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        sys.exit("images: uv is not installed and resolves the locks: python -m pip install uv")
    executor = _compiled(uv, EXECUTOR)
    for name, inputs in LOCKS.items():
        text = _compiled(uv, inputs) + ("" if name.startswith("tools/") else executor)
        (HERE / name).write_text("# Written by `make lock-images`; change pyproject.toml or constraints.txt.\n" + text)
        print(f"images/{name}: {text.count('==')} packages")


def _compiled(uv: str, inputs: list[str]) -> str:
    done = subprocess.run([uv, *UV, *inputs], cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"images: uv could not resolve {' '.join(inputs)}:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
