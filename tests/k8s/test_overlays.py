"""That overlays render, as one would use them."""

import base64
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.k8s.rendering import K8S, ROOT, VALUES, VARIANTS, build, containers, copy, find, kubectl, pods, render


@pytest.mark.parametrize("variant", VARIANTS)
def test_everything_renders_and_every_object_is_there_once(variant: str) -> None:
    objects = render(variant)
    keys = [(thing["kind"], thing["metadata"].get("namespace"), thing["metadata"]["name"]) for thing in objects]
    assert len(keys) == len(set(keys)) > 20


@pytest.mark.parametrize("overlay", ["local", "single"])
def test_one_cluster_needs_nothing_filled_in(overlay: str) -> None:
    assert build(K8S / "overlays" / overlay) == list(render(overlay))


@pytest.mark.parametrize(
    ("overlay", "file"),
    [("primary", "arcade.env"), ("primary", "clusters.env"), ("secondary", "join.env"), ("stunner", "stunner.env")],
)
def test_a_value_that_is_missing_is_named(tmp_path: Path, overlay: str, file: str) -> None:
    folder = copy(tmp_path / "k8s") / "overlays" / overlay
    (path,) = folder.rglob(file)
    path.unlink()
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert file in done.stderr


def test_what_an_operator_fills_in_is_not_committed() -> None:
    examples = sorted(K8S.rglob("*.env.example"))
    assert len(examples) == 4
    for example in examples:
        ignored = subprocess.run(["git", "check-ignore", "-q", example.with_suffix("")], cwd=ROOT, check=False)
        assert ignored.returncode in (0, 128), f"{example} may be committed once it is filled in"  # 128: no repository


def test_no_secret_is_in_the_repository() -> None:
    for overlay in ("local", "single"):
        assert [thing for thing in render(overlay) if thing["kind"] == "Secret"] == []
    for path in K8S.rglob("*.example"):
        assert not re.search(r"(?im)^(\w*(token|secret)\w*)=.", path.read_text())


def test_a_further_cluster_is_told_two_values() -> None:
    example = (K8S / "overlays/secondary/join.env.example").read_text()
    assert re.findall(r"(?m)^(\w+)=", example) == ["COINOP_WORKER_COORDINATOR", "COINOP_WORKER_TOKEN"]
    objects = render("secondary")
    (joining,) = [thing for thing in objects if thing["kind"] == "Secret"]
    told = {name: base64.b64decode(value).decode() for name, value in joining["data"].items()}
    assert told == {name: VALUES[name] for name in ("COINOP_WORKER_COORDINATOR", "COINOP_WORKER_TOKEN")}
    (worker,) = pods(objects)["coinop-worker"]["spec"]["containers"]
    assert worker["envFrom"][-1] == {"secretRef": {"name": joining["metadata"]["name"]}}
    assert not {variable["name"] for variable in worker["env"]} & set(told), "they would count instead"
    assert "coinop-coordinator" not in pods(objects)


def test_the_primary_takes_its_own_workers_and_those_of_others() -> None:
    objects = render("primary")
    (coordinator,) = pods(objects)["coinop-coordinator"]["spec"]["containers"]
    names = [variable["name"] for variable in coordinator["env"]]
    taken = coordinator["env"][names.index("COINOP_WORKER_TOKEN")]["value"]
    parts = re.findall(r"\$\((\w+)\)", taken)
    assert ",".join(f"$({part})" for part in parts) == taken
    for part in parts:  # a variable that comes later is not filled in
        assert names.index(part) < names.index("COINOP_WORKER_TOKEN")
        assert "optional" not in coordinator["env"][names.index(part)]["valueFrom"]["secretKeyRef"]


def test_the_ingress_has_the_operators_name() -> None:
    spec = find(render("primary"), "Ingress", "coinop")["spec"]
    assert [rule["host"] for rule in spec["rules"]] == spec["tls"][0]["hosts"] == [VALUES["HOST"]]


@pytest.mark.parametrize("variant", VARIANTS)
def test_images_have_the_version_of_this_checkout(variant: str) -> None:
    templates = pods(render(variant)).values()
    images = {container["image"] for template in templates for container in containers(template)}
    ours = {image for image in images if image.startswith("coinop-")}
    assert {image.partition(":")[2] for image in ours} == {version("coinop")}
    assert all(":" in image for image in images), "an image without a tag is another one every day"


@pytest.mark.parametrize("overlay", ["single", "secondary", "primary"])
def test_a_clouds_store_takes_the_place_of_the_own(tmp_path: Path, overlay: str) -> None:
    folder = copy(tmp_path / "k8s") / "overlays"
    for path in (folder / overlay, folder / "single"):
        kustomization = path / "kustomization.yaml"
        kustomization.write_text(kustomization.read_text().replace("components/store", "components/cloud-store"))
    objects = build(folder / overlay)
    assert not [thing for thing in objects if thing["metadata"]["name"].startswith("coinop-store")]
    (worker,) = pods(objects)["coinop-worker"]["spec"]["containers"]
    assert {"secretRef": {"name": "coinop-store"}} in worker["envFrom"]
    assert not [variable for variable in worker["env"] if "STORE" in variable["name"]]
    (settings,) = [
        thing
        for thing in objects
        if thing["metadata"]["name"].startswith("coinop-worker-") and thing["kind"] == "ConfigMap"
    ]
    assert not [name for name in settings["data"] if "STORE" in name]


def test_all_components_are_in_some_variant() -> None:
    there = {path.name for path in (K8S / "components").iterdir()}
    used = {component for _, components in VARIANTS.values() for component in components}
    kustomizations = "".join(path.read_text() for path in K8S.glob("overlays/**/kustomization.yaml"))
    used |= set(re.findall(r"components/([\w-]+)", kustomizations))
    assert there - used == {"cloud-store"}
