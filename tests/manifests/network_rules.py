"""Which connections Kubernetes' network policies let through: the rules of networking.k8s.io/v1 on plain objects."""

import ipaddress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Pod:
    """One end of a connection inside the cluster."""

    namespace: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    """One end of a connection outside the pods' network: a node, the cluster's API, the internet."""

    ip: str


End = Pod | Address


def connects(policies: list[dict[str, Any]], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether `source` may open a connection to `target`: both sides have to allow it."""
    return _allows(policies, source, target, "Egress", port, protocol) and _allows(
        policies, target, source, "Ingress", port, protocol
    )


def selecting(policies: list[dict[str, Any]], pod: Pod, direction: str) -> list[dict[str, Any]]:
    """The policies of a direction that apply to a pod."""
    return [
        policy
        for policy in policies
        if policy["metadata"]["namespace"] == pod.namespace
        and direction in policy["spec"]["policyTypes"]
        and matches(policy["spec"]["podSelector"], pod.labels)
    ]


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector selects these labels; the empty one selects all."""
    assert selector.keys() <= {"matchLabels", "matchExpressions"}
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions", []))


def _holds(expression: dict[str, Any], labels: dict[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values", [])
    return {
        "In": value in values,
        "NotIn": value not in values,  # holds, too, where the label is absent
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[expression["operator"]]


def _allows(policies: list[dict[str, Any]], end: End, other: End, direction: str, port: int, protocol: str) -> bool:
    if isinstance(end, Address):
        return True
    applying = selecting(policies, end, direction)
    if not applying:
        return True  # a pod that no policy selects is open
    rules = [(policy, rule) for policy in applying for rule in policy["spec"].get(direction.lower(), [])]
    return any(
        _port(rule.get("ports", []), port, protocol)
        and _peer(rule.get("to" if direction == "Egress" else "from", []), policy["metadata"]["namespace"], other)
        for policy, rule in rules
    )


def _port(ports: list[dict[str, Any]], port: int, protocol: str) -> bool:
    return not ports or any(
        one.get("protocol", "TCP") == protocol
        and one.get("port", port) <= port <= one.get("endPort", one.get("port", port))
        for one in ports
    )


def _peer(peers: list[dict[str, Any]], own: str, other: End) -> bool:
    return not peers or any(_is(peer, own, other) for peer in peers)


def _is(peer: dict[str, Any], own: str, other: End) -> bool:
    if block := peer.get("ipBlock"):
        # what a plugin makes of a pod's own address is its choice, so blocks speak of addresses outside alone
        inside = isinstance(other, Address) and ipaddress.ip_address(other.ip) in ipaddress.ip_network(block["cidr"])
        return inside and not any(
            ipaddress.ip_address(other.ip) in ipaddress.ip_network(cidr) for cidr in block.get("except", [])
        )
    if isinstance(other, Address):
        return False
    spaces = peer.get("namespaceSelector")
    here = other.namespace == own if spaces is None else matches(spaces, _namespace_labels(other.namespace))
    return here and matches(peer.get("podSelector", {}), other.labels)


def _namespace_labels(name: str) -> dict[str, str]:
    return {"kubernetes.io/metadata.name": name}
