"""What the API of Kubeflow Pipelines or its absence says, in words that people can act on."""

from rlvr.patience import NO_TRUST, ApiError, is_refusal, status_of, told

REMEDIES = {
    302: "It wants a login in the browser: give a token (--token-file, RLVR_KFP_TOKEN), or address the API itself.",
    400: "The request does not suit this installation; is it Kubeflow Pipelines 2.x?",
    401: "Give a valid token: --token-file FILE, RLVR_KFP_TOKEN, or a fresh login for your kubeconfig.",
    403: "Your account may not do this there: check --namespace, and ask for the Role `kubeflow-edit` in it.",
    404: "Check the name, the namespace, and that --host is the API of Kubeflow Pipelines.",
    409: "Something of this name is there already; choose another name, or remove the other.",
    413: "It is too large for the server in between; raise that server's limit on bodies.",
    429: "The server asks for fewer requests; try again later.",
}
"""What to do about an answer, by status."""


def explain(what: str, error: Exception) -> ApiError:
    """The error that people read: `what` could not be done, why, and the remedy."""
    status = getattr(error, "status", None)
    if is_refusal(error) and status:
        remedy = REMEDIES.get(302 if 300 <= status < 400 else status)
        if remedy is None:
            later = "The server is at fault: look at the log of ml-pipeline, and run the same command again."
            remedy = later if status >= 500 else "Correct the request, or ask whoever runs the installation."
        said = told(error)
        return ApiError(f"{what}: Kubeflow answers {status}{f' ({said})' if said else ''}. {remedy}", status)
    if status_of(error)[0] == NO_TRUST:
        return ApiError(
            f"{what}: the server's address or certificate is not accepted. Check --host; for one's own authority "
            f"--ca names its certificate.",
            0,
        )
    reason = "no answer in time" if "Timeout" in type(error).__name__ else "the connection fails or breaks off"
    return ApiError(
        f"{what}: {reason} ({type(error).__name__}). Check that --host is right, that the server runs and that a "
        f"port-forward stands; then run the same command again: nothing is done twice.",
        0,
    )
