"""The way to the API, and sentences about its answers."""

import ssl
from pathlib import Path

import pytest
from lightkube import ApiError
from lightkube.resources.core_v1 import Service

from tests.e2e.arcade.stack import self_signed
from tests.worker.cluster.api import NAMESPACE, Api, outside
from worker.cluster.access import FAILURES, Right, connect, sentence, status_of
from worker.cluster.errors import NotInClusterError

RIGHT = Right("services", ("list", "watch"))


async def failure(service: str = "turn") -> BaseException:
    """Ask for a Service and return the error that it ends with."""
    client = connect("this test")
    try:
        with pytest.raises(FAILURES) as caught:
            await client.get(Service, service)
        return caught.value
    finally:
        await client.close()


def reason(error: BaseException) -> str:
    """What the API gives as the reason of a refusal."""
    assert isinstance(error, ApiError)
    return str(error.status.message)


async def test_it_leads_into_the_pods_own_namespace(api: Api) -> None:
    client = connect("this test")
    assert client.namespace == NAMESPACE
    await client.close()


@pytest.mark.parametrize("lacks", ["KUBERNETES_SERVICE_HOST", "token", "ca.crt", "namespace"])
async def test_outside_of_a_pod_one_sentence_says_so(api: Api, monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    if lacks.isupper():
        outside(monkeypatch)
    else:
        (api.account / lacks).unlink()
    with pytest.raises(NotInClusterError, match=r"^--this works only in a pod of Kubernetes .*\.$"):
        connect("--this")


async def test_a_certificate_that_is_none_is_said(api: Api) -> None:
    (api.account / "ca.crt").write_text("garbage")
    with pytest.raises(NotInClusterError):
        connect("--this")


async def test_a_missing_right(api: Api) -> None:
    await api.server.allow()
    error = await failure()
    assert status_of(error) == 403
    assert sentence(error, RIGHT).endswith(
        "give this pod's service account a Role with the verbs list, watch on services."
    )
    assert f"({reason(error)})" in sentence(error, RIGHT)
    assert "a ClusterRole with the verbs list on nodes" in sentence(error, Right("nodes", ("list",), everywhere=True))


async def test_an_unknown_token(api: Api) -> None:
    (api.account / "token").write_text("unknown")
    error = await failure()
    assert status_of(error) == 401
    assert "does not know this pod's service account" in sentence(error, RIGHT)


async def test_any_other_refusal(api: Api) -> None:
    await api.server.allow(("get", "services"))
    error = await failure()
    assert status_of(error) == 404
    assert sentence(error, RIGHT) == f"The Kubernetes API answers 404 ({reason(error)}): its own log says why."


async def test_nobody_there(api: Api) -> None:
    await api.server.stop()
    error = await failure()
    assert status_of(error) == 0
    assert sentence(error, RIGHT).startswith("The Kubernetes API can't be reached (")


async def test_another_server_than_the_clusters_is_not_believed(api: Api, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certificate, _ = self_signed(tmp_path / "other")
    (api.account / "ca.crt").write_bytes(certificate.read_bytes())
    error = await failure()
    assert status_of(error) == 0
    assert sentence(error, RIGHT).startswith(f"The Kubernetes API can't be reached ({error}): ")
    cause: BaseException | None = error
    while cause and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    assert cause


def test_garbage_in_place_of_an_answer_is_a_failure_too() -> None:
    assert sentence(KeyError("content-type"), RIGHT).startswith(
        "The Kubernetes API can't be reached (its answer is none)"
    )
