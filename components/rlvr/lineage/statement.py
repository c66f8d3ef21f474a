"""Statements in the in-toto form (v1): some artifacts, and what is said about them.

A stage's own statement carries the SLSA provenance predicate (v1): what the stage was asked to do, everything it read
with digests, and who ran it when. Checks and approvals are statements about the same artifacts with predicates of
their own. https://in-toto.io/Statement/v1, https://slsa.dev/spec/v1.0/provenance
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rlvr.errors import RlvrError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
APPROVAL = "https://in-toto.io/attestation/svr/v0.1"
BUILD_TYPE = "urn:rlvr:stage:v1"
"""What the external parameters of a stage mean: its function, its name and its resolved parameters."""

SHA256 = re.compile(r"[0-9a-f]{64}")
"""How SHA-256 digests are written."""

Outcome = Literal["PASSED", "WARNED", "FAILED"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One thing that a statement is about or that a stage read (in-toto ResourceDescriptor)."""

    name: str
    """What it was to the stage: `model`, `rows`, `code`, `image`, the path of a raw file."""
    digest: Mapping[str, str] = field(default_factory=dict)
    """Algorithm -> hexadecimal digest: `sha256` for artifacts, files and images, `gitCommit` for code."""
    uri: str = ""
    """Where it came from: `hub:ID@COMMIT/path`, `image@sha256:...`; empty for artifacts of the store."""
    annotations: Mapping[str, Any] = field(default_factory=dict)
    """Further facts: `licence`, `store`."""

    def told(self) -> dict[str, Any]:
        """The descriptor as JSON, without what is empty."""
        entry: dict[str, Any] = {"name": self.name}
        for key, value in (("digest", self.digest), ("uri", self.uri), ("annotations", self.annotations)):
            if value:
                entry[key] = dict(value) if isinstance(value, Mapping) else value
        return entry


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """The outcome of checks on the artifacts of a statement (in-toto test-result v0.1)."""

    result: Outcome
    """PASSED, WARNED (some check of lesser severity failed) or FAILED."""
    passed: tuple[str, ...] = ()
    """Names of the checks that held."""
    warned: tuple[str, ...] = ()
    """Names of the checks of lesser severity that did not hold."""
    failed: tuple[str, ...] = ()
    """Names of the critical checks that did not hold."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """Figures that belong to it: scores, rows counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """How a stage ran."""

    stage: str
    """Its function, `module:name`."""
    label: str
    """Its name in the pipeline."""
    parameters: Mapping[str, Any]
    """Everything it was asked to do, resolved."""
    key: str
    """Digest of function, parameters, inputs and code: the stage's identity."""
    builder: str
    """Who ran it: namespace and service account, or the user and host."""
    run: str
    """The run that it belongs to; empty when it was started by hand."""
    method: str = ""
    """The method that it was done for; other methods may use its results, too."""
    started: str
    """Time of the start, RFC 3339 in UTC."""
    finished: str
    """Time of the end, RFC 3339 in UTC."""
    environment: Mapping[str, Any]
    """Python, processors, accelerator: what results may depend on beyond the parameters."""


def provenance(made: Sequence[Resource], execution: Execution, read: Sequence[Resource]) -> dict[str, Any]:
    """The statement of a stage that made `made` from `read`."""
    parameters = {"stage": execution.stage, "label": execution.label, "parameters": dict(execution.parameters)}
    parameters |= {"method": execution.method} if execution.method else {}
    return _statement(
        made,
        PROVENANCE,
        {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": parameters,
                "internalParameters": dict(execution.environment),
                "resolvedDependencies": [resource.told() for resource in read],
            },
            "runDetails": {
                "builder": {"id": execution.builder},
                "metadata": {
                    "invocationId": f"{execution.run}/{execution.key}".lstrip("/"),
                    "startedOn": execution.started,
                    "finishedOn": execution.finished,
                },
            },
        },
    )


def checked(about: Sequence[Resource], configuration: Sequence[Resource], outcome: Checked) -> dict[str, Any]:
    """The statement that checks on `about`, which read `configuration` besides, came out so."""
    return _statement(
        about,
        TEST_RESULT,
        {
            "result": outcome.result,
            "configuration": [resource.told() for resource in configuration],
            "passedTests": list(outcome.passed),
            "warnedTests": list(outcome.warned),
            "failedTests": list(outcome.failed),
            "numbers": dict(outcome.numbers),
        },
    )


def approval(about: Resource, verifier: str, note: str, properties: Sequence[str], time: str) -> dict[str, Any]:
    """The statement that a person or a policy accepts `about` (in-toto simple verification result)."""
    return _statement(
        [about],
        APPROVAL,
        {"verifier": {"id": verifier}, "timeVerified": time, "properties": list(properties), "note": note},
    )


def _statement(about: Sequence[Resource], predicate_type: str, predicate: dict[str, Any]) -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [resource.told() for resource in about],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def refuse_malformed(statement: Any, where: str) -> None:
    """`RlvrError` unless `statement` has the form of a Statement whose subjects and dependencies carry digests."""
    problem = _problem(statement)
    if problem:
        raise RlvrError(f"{where} is not an in-toto statement: {problem}.")


def _problem(statement: Any) -> str:
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:
        return f"its _type is not {STATEMENT_TYPE}"
    if not isinstance(statement.get("predicateType"), str) or not isinstance(statement.get("predicate"), dict):
        return "predicateType must be a text and predicate an object"
    subjects = statement.get("subject")
    if not isinstance(subjects, list) or not subjects or not all(map(_described, subjects)):
        return "subject must be a list of names with digests"
    if not all("sha256" in subject.get("digest", {}) for subject in subjects):
        return "a subject has no SHA-256 of 64 hexadecimal digits"
    if statement["predicateType"] == PROVENANCE:
        definition, details = (statement["predicate"].get(part) for part in ("buildDefinition", "runDetails"))
        if not isinstance(definition, dict) or not isinstance(details, dict):
            return "its provenance lacks buildDefinition or runDetails"
        if not isinstance(definition.get("externalParameters"), dict):
            return "externalParameters must be an object"
        if not isinstance(definition["externalParameters"].get("parameters", {}), dict):
            return "parameters of externalParameters must be an object"
        if not isinstance(definition.get("internalParameters", {}), dict):
            return "internalParameters must be an object"
        if not isinstance(details.get("builder"), dict) or not isinstance(details.get("metadata"), dict):
            return "builder and metadata of runDetails must be objects"
        read = definition.get("resolvedDependencies")
        if not isinstance(read, list) or not all(map(_described, read)):
            return "resolvedDependencies must be a list of names with digests or addresses"
    return ""


def _described(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return False
    digest, annotations = entry.get("digest", {}), entry.get("annotations", {})
    texts = isinstance(digest, dict) and all(isinstance(value, str) for value in digest.values())
    texts = texts and ("sha256" not in digest or SHA256.fullmatch(digest["sha256"]) is not None)
    return texts and isinstance(annotations, dict) and isinstance(entry.get("uri", ""), str)
