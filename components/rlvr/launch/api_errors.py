"""What the Kubernetes API or its absence says, in words that people can act on."""

from rlvr.patience import ApiError, Patience, is_refusal, told

PATIENCE = Patience(total_seconds=900.0)
"""How long an API that does not answer is waited for: an upgrade of it must not end a training of days."""

REMEDIES = {
    400: "The request does not suit this cluster; is Kubeflow Trainer there in a version from 2.3 on?",
    401: "The credentials are not accepted: check the pod's service account, or log in again for KUBECONFIG.",
    403: "The service account may not do this: bind the Role `rlvr-launcher` of manifests/base to it.",
    404: "Is Kubeflow Trainer installed, and are manifests/base applied in this namespace?",
    422: "The cluster refuses the values: correct what it names in the profile's [scale.job].",
}
"""What to do about an answer, by status."""


def explain(what: str, error: Exception) -> ApiError:
    """The error that people read: `what` could not be done, why, and the remedy."""
    status, reason = getattr(error, "status", None), str(getattr(error, "reason", ""))
    if is_refusal(error) and status:
        said = told(error) or reason
        remedy = REMEDIES.get(status, "Try again later, or ask whoever runs the cluster.")
        if status == 403 and "quota" in said:
            remedy = "Free some of it, or ask for less in the profile's [scale.job]."
        return ApiError(f"{what}: the cluster answers {status} ({said}). {remedy}", status)
    why = reason.splitlines()[0] if is_refusal(error) and reason else type(error).__name__
    return ApiError(
        f"{what}: the cluster's API cannot be reached ({why}). Check the network policy that lets the pod reach the "
        f"API server, or the server that KUBECONFIG names and its certificate.",
        0,
    )
