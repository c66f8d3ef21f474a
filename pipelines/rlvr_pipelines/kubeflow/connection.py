"""Where Kubeflow Pipelines is, who asks, and the connection that the other modules speak through.

    --host URL          the API, e.g. http://localhost:8888 behind a port-forward, https://kubeflow.example/pipeline
    (none, in a pod)    the service of the cluster that the pod runs in
    (none, elsewhere)   the cluster of the kubeconfig, through its API server

A token comes from `rlvr_pipelines.kubeflow.tokens`; without one, a kubeconfig's own login is used.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rlvr.errors import RlvrError
from rlvr.patience import Patience
from rlvr_pipelines.kubeflow.api_errors import explain

T = TypeVar("T")

IN_CLUSTER = "http://ml-pipeline.{}.svc.cluster.local:8888"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where to connect, as given on the command line; what is empty is found out."""

    host: str = ""
    """URL of the API."""
    namespace: str = ""
    """Namespace that runs belong to; empty in an installation for one user."""
    token_file: Path | None = None
    """File with a token."""
    ca: Path | None = None
    """Certificate of the authority that signed the server's."""
    context: str = ""
    """Context of the kubeconfig."""
    system_namespace: str = "kubeflow"
    """Namespace that Kubeflow Pipelines itself is installed in."""
    ui: str = ""
    """URL of the web pages, where it is not the API's."""
    request_seconds: float = 60.0
    """Time allowed to connect, and between two parts of an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """A client and how it is asked."""

    client: Any
    """`kfp.Client`."""
    patience: Patience
    """How requests are repeated."""
    namespace: str | None
    """Namespace that runs belong to; None in an installation for one user."""
    ui: str
    """URL of the web pages, without a slash at its end."""

    def call(self, what: str, request: Callable[[], T], lost: Callable[[], T | None] | None = None) -> T:
        """The answer of `request`, see `Patience.call`."""
        return self.patience.call(what, request, explain, lost)

    def run_page(self, run_id: str) -> str:
        """Address of a run's page."""
        return f"{self.ui}/#/runs/details/{run_id}"


def connect(address: Address, patience: Patience | None = None) -> Connection:
    """A connection to Kubeflow Pipelines; the first question is asked, so a wrong address shows itself here."""
    try:
        from rlvr_pipelines.kubeflow.client import Client
        from rlvr_pipelines.kubeflow.tokens import find_token
    except ModuleNotFoundError as error:
        raise RlvrError(f"{error.name} is not installed; install rlvr with its extra `cluster`.") from error
    token, host, patience = find_token(address.token_file), _host(address), patience or Patience()
    if host:
        _refuse_open_secrets(host, token is not None)
    else:
        _require_kubeconfig(address.context)
    if address.ca is not None and not address.ca.is_file():
        raise RlvrError(f"--ca: there is no file {address.ca}; give the certificate of the server's authority.")
    client = Client(
        seconds=address.request_seconds,
        user_namespace=address.namespace,
        host=host or None,
        namespace=address.system_namespace,
        credentials=token if host else None,
        kube_context=address.context or None,
        ssl_ca_cert=str(address.ca) if address.ca else None,
    )
    ui = address.ui or os.environ.get("KF_PIPELINES_UI_ENDPOINT") or host or "<Kubeflow's web page>"
    made = Connection(client=client, patience=patience, namespace=address.namespace or None, ui=ui.rstrip("/"))
    where = host or "the kubeconfig's cluster"
    if made.call(f"Asking {where} for Kubeflow Pipelines", client.multi_user) and not address.namespace:
        raise RlvrError(f"{where} keeps users apart by namespaces: say which one is yours with --namespace.")
    return made


def _host(address: Address) -> str:
    """The API's URL; empty where the kubeconfig is to be used."""
    host = address.host or os.environ.get("KF_PIPELINES_ENDPOINT", "")
    if not host and "KUBERNETES_SERVICE_HOST" in os.environ and not address.context:
        return IN_CLUSTER.format(address.system_namespace)
    if host and "://" not in host:
        host = f"https://{host}"
    return host.rstrip("/")


def _refuse_open_secrets(host: str, has_token: bool) -> None:
    """`RlvrError` for a URL that holds a password, or over which a token would travel in the clear."""
    try:
        parts = urlsplit(host)
        name = parts.hostname or ""
    except ValueError:
        parts, name = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not name:
        raise RlvrError("--host is not a URL of the form https://host/path; correct it.")
    if "@" in parts.netloc:
        raise RlvrError("--host holds a user name or password; leave it out and give a token with --token-file.")
    inside = name == "localhost" or name.endswith((".svc", ".svc.cluster.local")) or _is_loopback(name)
    if has_token and parts.scheme == "http" and not (inside or "KUBERNETES_SERVICE_HOST" in os.environ):
        raise RlvrError(
            f"The token would travel to {name} unencrypted. Use https://, or a port-forward and http://localhost:PORT."
        )


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _require_kubeconfig(context: str) -> None:
    """`RlvrError` unless the kubeconfig can be used; the client itself would go on without it."""
    from kubernetes import client, config

    try:
        config.load_kube_config(client_configuration=client.Configuration(), context=context or None)
    except Exception as error:  # the loader lets errors of YAML, files and login programs through
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise RlvrError(
            f"No --host is given and the kubeconfig cannot be used ({why}). Give --host, the API's URL, or set "
            f"KUBECONFIG and --context."
        ) from error
