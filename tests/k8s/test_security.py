"""That no pod may do more than it has to: the Restricted profile of Kubernetes' Pod Security Standards, and more."""

import copy
from collections.abc import Callable

import pytest

from coinop.cluster import SECRETS
from coinop.secrets import READ_BY
from tests.k8s.rendering import VARIANTS, Object, containers, find, pods, render
from worker.cluster.access import Right
from worker.cluster.cost import PODS
from worker.cluster.gateway import NODES, SERVICES

WITH_TOKEN = {"coinop-worker", "coinop-secrets"}
"""Who asks the Kubernetes API anything."""

CASES = [(variant, name) for variant in VARIANTS for name in pods(render(variant))]

USER = 10001


def complaints(name: str, template: Object) -> list[str]:
    """List what is wrong with a pod."""
    spec = template["spec"]
    wrong = _of_the_pod(name, spec)
    for container in containers(template):
        wrong += [f"{container['name']}: {what}" for what in _of_a_container(container)]
    return wrong


def _of_the_pod(name: str, spec: Object) -> list[str]:
    context = spec.get("securityContext", {})
    rules = {
        "may run as root": context.get("runAsNonRoot") is not True,
        "runs as another user": (context.get("runAsUser"), context.get("runAsGroup")) != (USER, USER),
        "has no seccomp profile": context.get("seccompProfile") != {"type": "RuntimeDefault"},
        "shares the host's namespaces": any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")),
        "has a token": spec.get("automountServiceAccountToken") is not (name in WITH_TOKEN),
        "is told of all Services by variables": spec.get("enableServiceLinks") is not False,
        "has a volume of the host": any("hostPath" in volume for volume in spec.get("volumes", ())),
        "has a volume without limit": any(
            "sizeLimit" not in volume["emptyDir"] for volume in spec.get("volumes", ()) if "emptyDir" in volume
        ),
    }
    return [what for what, broken in rules.items() if broken]


def _of_a_container(container: Object) -> list[str]:
    context = container.get("securityContext", {})
    resources = container.get("resources", {})
    rules = {
        "may gain privileges": context.get("allowPrivilegeEscalation") is not False,
        "is privileged": bool(context.get("privileged")),
        "may write to its image": context.get("readOnlyRootFilesystem") is not True,
        "has capabilities": context.get("capabilities") != {"drop": ["ALL"]},
        "takes other rights than its pod's": bool(set(context) & {"runAsUser", "runAsNonRoot", "seccompProfile"}),
        "opens a port of the host": any("hostPort" in port for port in container.get("ports", ())),
        "asks for nothing": set(resources.get("requests", {})) != {"cpu", "memory"},
        "has no limit of memory": "memory" not in resources.get("limits", {}),
        "is throttled, and late": "cpu" in resources.get("limits", {}),
    }
    return [what for what, broken in rules.items() if broken]


@pytest.mark.parametrize(("variant", "name"), CASES)
def test_a_pod_may_do_no_more_than_it_must(variant: str, name: str) -> None:
    assert complaints(name, pods(render(variant))[name]) == []


@pytest.mark.parametrize(("variant", "name"), CASES)
def test_a_pod_sees_its_own_secrets_and_no_other_s(variant: str, name: str) -> None:
    template = pods(render(variant))[name]
    given = [source for container in containers(template) for source in container.get("envFrom", ())]
    named = [variable.get("valueFrom", {}) for each in containers(template) for variable in each.get("env", ())]
    assert "coinop" not in {source["secretRef"]["name"] for source in given if "secretRef" in source}, "not the whole"
    keys = {source["secretKeyRef"]["key"] for source in named if source.get("secretKeyRef", {}).get("name") == "coinop"}
    assert keys <= set(READ_BY.get(name.removeprefix("coinop-"), ()))
    mounted = {volume.get("secret", {}).get("secretName") for volume in template["spec"].get("volumes", ())}
    assert mounted <= {None, "coinop-turn-tls"}


BREAKS: dict[str, Callable[[Object], object]] = {
    "may run as root": lambda pod: pod["spec"]["securityContext"].pop("runAsNonRoot"),
    "runs as another user": lambda pod: pod["spec"]["securityContext"].update(runAsUser=0),
    "has no seccomp profile": lambda pod: pod["spec"]["securityContext"].pop("seccompProfile"),
    "shares the host's namespaces": lambda pod: pod["spec"].update(hostNetwork=True),
    "has a token": lambda pod: pod["spec"].pop("automountServiceAccountToken"),
    "is told of all Services by variables": lambda pod: pod["spec"].pop("enableServiceLinks"),
    "has a volume of the host": lambda pod: pod["spec"]["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    "has a volume without limit": lambda pod: pod["spec"]["volumes"].append({"name": "x", "emptyDir": {}}),
    "turn: may gain privileges": lambda pod: _context(pod).pop("allowPrivilegeEscalation"),
    "turn: is privileged": lambda pod: _context(pod).update(privileged=True),
    "turn: may write to its image": lambda pod: _context(pod).pop("readOnlyRootFilesystem"),
    "turn: has capabilities": lambda pod: _context(pod).update(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    "turn: takes other rights than its pod's": lambda pod: _context(pod).update(runAsUser=0),
    "turn: opens a port of the host": lambda pod: pod["spec"]["containers"][0]["ports"][0].update(hostPort=3478),
    "turn: asks for nothing": lambda pod: pod["spec"]["containers"][0]["resources"].pop("requests"),
    "turn: has no limit of memory": lambda pod: pod["spec"]["containers"][0]["resources"]["limits"].clear(),
    "turn: is throttled, and late": lambda pod: pod["spec"]["containers"][0]["resources"]["limits"].update(cpu=1),
}


def _context(pod: Object) -> Object:
    context: Object = pod["spec"]["containers"][0]["securityContext"]
    return context


@pytest.mark.parametrize("complaint", BREAKS)
def test_every_rule_is_seen_to_be_broken(complaint: str) -> None:
    template = copy.deepcopy(pods(render("single"))["coinop-turn"])
    BREAKS[complaint](template)
    assert complaints("coinop-turn", template) == [complaint]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_namespace_enforces_it(variant: str) -> None:
    labels = find(render(variant), "Namespace", "coinop")["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {"restricted"}


RIGHTS = {
    ("coinop", "coinop-worker"): {("services", "list watch"), ("pods/status", "patch")},
    ("stunner", "coinop-worker"): {("services", "list watch")},
    (None, "coinop-worker"): {("nodes", "list")},
    ("coinop", "coinop-secrets"): {("secrets", "create"), ("secrets/coinop", "get patch")},
}
"""All that anybody may ask of the Kubernetes API."""


@pytest.mark.parametrize(
    ("right", "places"),
    [
        (SERVICES, [("coinop", "coinop-worker")]),
        (PODS, [("coinop", "coinop-worker")]),
        (NODES, [(None, "coinop-worker")]),
        (SECRETS, [("coinop", "coinop-secrets")]),
    ],
)
def test_rights_are_those_that_the_code_needs(right: Right, places: list[tuple[str | None, str]]) -> None:
    for place in places:
        verbs = {
            verb
            for resource, listed in RIGHTS[place]
            if resource in (right.resource, f"{right.resource}/coinop")
            for verb in listed.split()
        }
        assert verbs == set(right.verbs)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nobody_has_other_rights_at_the_api(variant: str) -> None:
    objects = render(variant)
    for role in [thing for thing in objects if thing["kind"] in ("Role", "ClusterRole")]:
        place = role["metadata"].get("namespace"), role["metadata"]["name"]
        found = {
            ("/".join([rule["resources"][0], *rule.get("resourceNames", ())]), " ".join(rule["verbs"]))
            for rule in role["rules"]
        }
        assert found == RIGHTS[place]
        assert all(len(rule["resources"]) == 1 and rule["apiGroups"] == [""] for rule in role["rules"])
    for binding in [thing for thing in objects if thing["kind"].endswith("RoleBinding")]:
        name = binding["metadata"]["name"]
        assert binding["roleRef"] == {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": binding["kind"].removesuffix("Binding"),
            "name": name,
        }
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": "coinop"}]
        assert find(objects, "ServiceAccount", name)["automountServiceAccountToken"] is False
