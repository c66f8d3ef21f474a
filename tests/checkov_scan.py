"""checkov over a folder: `make lint-manifests`, which gives it an environment of its own."""

import json
import os
import shutil
import subprocess

import pytest

CHECKOV = shutil.which(os.environ.get("RLVR_CHECKOV", "checkov"))

marks = [
    pytest.mark.lint,
    pytest.mark.skipif(CHECKOV is None, reason="checkov is not installed; `make lint-manifests` installs and runs it"),
]
"""Marks of tests that need it."""


def scan(folder, configuration):
    """What checkov found in a folder: the number of passed checks, and the failed ones by check, name and object."""
    command = [CHECKOV, "--config-file", str(configuration), "--directory", str(folder), "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    failed = [(one["check_id"], one["check_name"], one["resource"]) for one in found["results"]["failed_checks"]]
    return found["summary"]["passed"], failed
