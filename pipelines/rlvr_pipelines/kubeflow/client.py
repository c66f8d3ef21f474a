"""Kubeflow's own client, with time limits, answers that are checked to be JSON, and no files of its own."""

import warnings
from typing import Any

import kfp
from kfp_server_api import ApiException
from kfp_server_api.rest import RESTClientObject, RESTResponse

from rlvr.errors import RlvrError


class Rest(RESTClientObject):  # type: ignore[misc]
    """HTTP for the generated API: every request has a time limit, none is repeated unasked."""

    def __init__(self, configuration: Any, seconds: float) -> None:
        """`seconds` is the time allowed to connect, and between two parts of an answer."""
        super().__init__(configuration)
        self.seconds = seconds
        self.pool_manager.connection_pool_kw["retries"] = False

    def request(self, *args: Any, **named: Any) -> Any:
        """The answer, if it is one of an API."""
        named["_request_timeout"] = named.get("_request_timeout") or (self.seconds, self.seconds)
        answer = super().request(*args, **named)
        if 300 <= answer.status < 400:
            raise ApiException(http_resp=answer)
        kind = answer.getheader("Content-Type") or "" if isinstance(answer, RESTResponse) else ""
        if kind and "json" not in kind:
            raise RlvrError(
                f"The host answers with {kind.partition(';')[0]} where the API of Kubeflow Pipelines gives JSON: it "
                f"may be a login page or another service. Check --host (often it ends in /pipeline), or give a token."
            )
        return answer


class Client(kfp.Client):  # type: ignore[misc]
    """`kfp.Client` that reads and writes no settings in the home folder and does not wait in its constructor."""

    def __init__(self, *, seconds: float, user_namespace: str, **named: Any) -> None:
        """`user_namespace` is where runs belong, empty in an installation for one user; the rest is as upstream."""
        self.user_namespace = user_namespace
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # every use of the client warns of versions before 2.0
            super().__init__(**named)
        self._context_setting = {"namespace": user_namespace}
        _keep_host(self._existing_config)
        self._run_api.api_client.rest_client = Rest(self._existing_config, seconds)

    def _load_context_setting_or_default(self) -> None:
        self._context_setting = {"namespace": self.user_namespace or "one user"}

    def multi_user(self) -> bool:
        """Whether the installation keeps users apart by namespaces."""
        return self._healthz_api.healthz_service_get_healthz().multi_user is True


def _keep_host(config: Any) -> None:
    """Let a kubeconfig renew its token without setting the address back, as it does, to the API server's own."""
    config.host = config.host.rstrip("/")
    renew, host = config.refresh_api_key_hook, config.host
    if renew is None:
        return

    def renewed(of: Any) -> None:
        renew(of)
        of.host = host
        of.refresh_api_key_hook = renewed  # the loader puts its own back each time

    config.refresh_api_key_hook = renewed
