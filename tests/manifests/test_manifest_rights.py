import pytest
from rendered_manifests import every_overlay, named, needs_kustomize, of_kind, resources

pytestmark = needs_kustomize

TRAINJOBS = "trainer.kubeflow.org/trainjobs"
WORKFLOWS = "argoproj.io/workflows"
RIGHTS = {
    "rlvr-launcher": {
        *((TRAINJOBS, verb) for verb in ("create", "get", "list", "watch", "delete")),
        ("trainer.kubeflow.org/trainingruntimes", "get"),
        ("kueue.x-k8s.io/localqueues", "get"),
        *(("/pods", verb) for verb in ("get", "list")),
        ("/pods/log", "get"),
        ("/events", "list"),
        (WORKFLOWS, "get"),
    },
    "rlvr-reaper": {(TRAINJOBS, "list"), (TRAINJOBS, "delete"), (WORKFLOWS, "get")},
    "rlvr-workflow": {("argoproj.io/workflowtaskresults", verb) for verb in ("create", "patch")},
}
ACCOUNTS = {
    "standalone": {"rlvr-launcher": "pipeline-runner"},
    "kueue": {"rlvr-launcher": "pipeline-runner"},
    "multi-user": {"rlvr-launcher": "default-editor", "rlvr-submitter": "rlvr-submitter"},
    "openshift": {"rlvr-launcher": "pipeline-runner-dspa"},
    "argo": {"rlvr-launcher": "rlvr-workflow", "rlvr-workflow": "rlvr-workflow"},
}


def granted(role):
    return {
        (f"{group}/{resource}", verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@every_overlay
def test_roles_grant_these_rights_and_no_others(overlay):
    roles = {role["metadata"]["name"]: granted(role) for role in of_kind(overlay, "Role")}
    assert roles == {name: RIGHTS[name] for name in roles}
    assert {"rlvr-launcher", "rlvr-reaper"} <= roles.keys()


@every_overlay
def test_no_role_has_a_wildcard_and_none_reaches_beyond_the_namespace(overlay):
    kinds = {item["kind"] for item in resources(overlay)}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding"}
    for role in of_kind(overlay, "Role"):
        assert not [right for right in granted(role) if "*" in right[0] or "*" in right[1]]
        assert not [right for right in granted(role) if "secrets" in right[0] or right[0].endswith(("exec", "attach"))]
        assert not [right for right in granted(role) if right[1] in ("bind", "escalate", "impersonate")]


@every_overlay
def test_roles_are_bound_to_the_accounts_of_their_namespace(overlay):
    expected = ACCOUNTS[overlay] | {"rlvr-reaper": "rlvr-reaper"}
    bindings = {item["metadata"]["name"]: item for item in of_kind(overlay, "RoleBinding")}
    assert bindings.keys() == expected.keys()
    for name, binding in bindings.items():
        (subject,) = binding["subjects"]
        assert subject["kind"] == "ServiceAccount"
        assert subject["name"] == expected[name]
        assert subject["namespace"] == binding["metadata"]["namespace"]
        cluster_wide = {"rlvr-submitter": "kubeflow-pipelines-edit"}.get(name)
        kind, role = ("ClusterRole", cluster_wide) if cluster_wide else ("Role", name)
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == (kind, role)


@every_overlay
def test_training_pods_have_no_rights_and_no_token(overlay):
    account = named(overlay, "ServiceAccount", "rlvr-training")
    assert account["automountServiceAccountToken"] is False
    assert not [item for item in of_kind(overlay, "RoleBinding") for one in item["subjects"]
                if one["name"] == "rlvr-training"]  # fmt: skip


@pytest.mark.parametrize("overlay", ["argo"])
def test_a_namespace_of_our_own_enforces_the_restricted_standard(overlay):
    (namespace,) = of_kind(overlay, "Namespace")
    labels = namespace["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


@pytest.mark.parametrize("overlay", ["standalone", "multi-user", "openshift", "kueue"])
def test_a_namespace_of_others_is_neither_made_nor_removed_with_the_overlay(overlay):
    assert of_kind(overlay, "Namespace") == []
