"""Every method on every profile that ships, held to the published schemas of what will read it.

The pipeline to Kubeflow's own messages, its pods (as the Argo target writes them) to Kubernetes' schemas to the last
field, and the workflow to Hera's models of Argo, which `argo_yaml` does before it returns anything.
"""

import pytest
from compiled_pipelines import documents
from google.protobuf import json_format
from pipeline_pods import pods

from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import NAMES

every_pipeline = pytest.mark.parametrize(
    ("method", "sized"), [(name, sized) for name in METHODS if "/" not in name for sized in NAMES]
)


@every_pipeline
def test_kubeflow_s_messages_know_every_field(method, sized):
    from kfp.kubernetes.kubernetes_executor_config_pb2 import KubernetesExecutorConfig
    from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineSpec

    spec, *platform = documents(method, sized)
    json_format.ParseDict(spec, PipelineSpec())
    for part in platform:
        kubernetes = part["platforms"]["kubernetes"]
        for asked in kubernetes["deploymentSpec"]["executors"].values():
            json_format.ParseDict(asked, KubernetesExecutorConfig())


@every_pipeline
def test_pods_are_valid_to_the_last_field(method, sized):
    import kubernetes_validate

    found = list(pods(method, sized))
    assert len(found) > 6
    for pod in found:
        kubernetes_validate.validate(pod, "1.36", strict=True)


def test_a_misspelt_field_of_a_pod_is_seen():
    import kubernetes_validate

    pod = next(pods("r1_v", "cluster"))
    pod["spec"]["containers"][0]["securityContext"]["runAsNonRoots"] = True
    with pytest.raises(kubernetes_validate.ValidationError, match="runAsNonRoots"):
        kubernetes_validate.validate(pod, "1.36", strict=True)
