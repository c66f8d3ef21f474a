"""A connection to the test's server that does not wait long."""

from rlvr.patience import Patience
from rlvr_pipelines.kubeflow.connection import Address, connect


def connected(server, *, patient=0.4, **more):
    quick = Patience(first_seconds=0.01, longest_seconds=0.02, total_seconds=patient)
    return connect(Address(**{"host": server.url, "request_seconds": 20.0, **more}), quick)
