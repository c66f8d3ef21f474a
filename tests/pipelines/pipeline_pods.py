"""The pods of compiled pipelines, as Kubernetes would be asked for them."""

import yaml
from compiled_pipelines import compiled

from rlvr_pipelines.argo.emit import argo_yaml
from rlvr_pipelines.profiles import profile


def pods(method, sized):
    """The pods of a pipeline, by template."""
    (template,) = yaml.load_all(argo_yaml(compiled(method, sized), profile(sized, method)), Loader=yaml.CSafeLoader)
    spec = template["spec"]
    for step in (one for one in spec["templates"] if "container" in one):
        pod = {key: step[key] for key in ("volumes", "nodeSelector", "tolerations") if key in step}
        container = {"name": "main", **step["container"]}
        pod |= {"containers": [container], "restartPolicy": "Never", "serviceAccountName": spec["serviceAccountName"]}
        pod |= {"securityContext": spec["securityContext"]}
        metadata = {"name": step["name"], **step.get("metadata", {})}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}
