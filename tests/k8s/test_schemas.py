"""That every object is valid for every version of Kubernetes from 1.29 to the newest whose schemas there are."""

import copy
import json
from functools import cache, lru_cache
from pathlib import Path

import kubernetes_validate
import pytest
from jsonschema import Draft202012Validator
from kubernetes_validate import utils

from tests.k8s.rendering import VARIANTS, Object, find, render

OLDEST = (1, 29)
VERSIONS = [
    version for version in dict.fromkeys(utils.all_versions()) if tuple(map(int, version.split(".")[:2])) >= OLDEST
]

NEWER = {"ValidatingAdmissionPolicy": (1, 30), "ValidatingAdmissionPolicyBinding": (1, 30)}
"""Kinds that the oldest versions lack; the component that has them says so."""

utils.schema_contents = lru_cache(maxsize=64)(utils.schema_contents)
"""Read once for a version, where the library would read some megabytes again for each object."""

SCHEMAS = Path(__file__).parent / "schemas"
CUSTOM = {path.stem for path in SCHEMAS.glob("*.json")}


@cache
def schema(kind: str) -> Draft202012Validator:
    read = json.loads((SCHEMAS / f"{kind}.json").read_text())
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read)


def check(thing: Object, version: str) -> None:
    """Check an object against its schema. Raises ValidationError, or SchemaNotFoundError."""
    if thing["kind"] in CUSTOM:
        schema(thing["kind"]).validate(thing)
    else:
        kubernetes_validate.validate(thing, version, strict=True)


def everything() -> list[Object]:
    """Collect the objects of all variants, each once."""
    return list({json.dumps(thing): thing for variant in VARIANTS for thing in render(variant)}.values())


def test_the_newest_versions_are_known() -> None:
    assert len(VERSIONS) >= 9


@pytest.mark.parametrize("version", VERSIONS)
def test_all_objects_are_valid(version: str) -> None:
    for thing in everything():
        if tuple(map(int, version.split(".")[:2])) < NEWER.get(thing["kind"], OLDEST):
            continue
        try:
            check(thing, version)
        except Exception as error:
            error.add_note(f"{thing['kind']} {thing['metadata']['name']}")
            raise


def test_custom_resources_are_all_used() -> None:
    assert {thing["kind"] for thing in everything()} >= CUSTOM


@pytest.mark.parametrize(
    ("kind", "name", "path", "value"),
    [
        ("Deployment", "coinop-worker", ("spec", "template", "spec", "nodeSelectr"), {}),
        ("Deployment", "coinop-worker", ("spec", "replicas"), "two"),
        ("NetworkPolicy", "coinop-turn", ("spec", "ingress"), {}),
        ("Gateway", "udp-gateway", ("spec", "listeners"), []),
        ("Gateway", "udp-gateway", ("apiVersion",), "gateway.networking.k8s.io/v1alpha2"),
        ("UDPRoute", "worker-udp-route", ("spec", "rules", 0, "backendRefs", 0, "port"), "8443"),
        ("GatewayConfig", "stunner-gatewayconfig", ("spec", "realm"), "Not A Realm"),
        ("GatewayClass", "stunner-gatewayclass", ("spec", "parameters"), {}),
    ],
)
def test_a_mistake_is_found(kind: str, name: str, path: tuple[str | int, ...], value: object) -> None:
    thing = copy.deepcopy(find(render("stunner" if kind in CUSTOM else "single"), kind, name))
    check(thing, VERSIONS[0])
    place = thing
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    with pytest.raises(Exception, match=r".") as caught:
        check(thing, VERSIONS[0])
    assert "ValidationError" in type(caught.value).__name__
