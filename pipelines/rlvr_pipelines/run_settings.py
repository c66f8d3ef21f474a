"""What a profile says of a run as a whole."""

from dataclasses import dataclass
from typing import Any

from rlvr.errors import RlvrError


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """Limits and the account of one run on a cluster."""

    service_account: str | None = None
    """Service account of the run's pods; a hint for those who submit, as a compiled pipeline cannot name it. None
    takes the installation's own (`pipeline-runner`, or `default-editor` in a profile's namespace)."""
    active_deadline_seconds: int | None = None
    """Time after which the whole run is ended, waiting included; None sets no limit."""
    ttl_seconds_after_finished: int | None = None
    """How long the Workflow and its pods are kept; results and reports stay in the store. None keeps them."""
    ttl_seconds_after_success: int | None = None
    """The same for runs that succeeded, in place of the one above."""
    ttl_seconds_after_failure: int | None = None
    """The same for runs that failed."""
    benchmarks_at_once: int = 1
    """How many benchmarks are evaluated at a time, the base and the tuned model each in a pod."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, int) and value < 1:
                raise RlvrError(f"{name} is {value}; give at least 1, or leave it out.")

    def pipeline_config(self) -> Any:
        """Kubeflow's form of it."""
        from kfp.dsl import PipelineConfig

        return PipelineConfig(
            ttl_seconds_after_finished=self.ttl_seconds_after_finished,
            ttl_seconds_after_success=self.ttl_seconds_after_success,
            ttl_seconds_after_failure=self.ttl_seconds_after_failure,
            active_deadline_seconds=self.active_deadline_seconds,
        )
