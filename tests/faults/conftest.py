"""Prints the table of faults after the tests, and keeps it where `RLVR_FAULTS_TABLE` says."""

import os
from pathlib import Path

import pytest
import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    text = table.markdown()
    if not text:
        return
    terminalreporter.section("faults tried and losses")
    terminalreporter.write(text)
    if path := os.environ.get("RLVR_FAULTS_TABLE"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
