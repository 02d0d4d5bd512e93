"""The secrets of an installation in a Kubernetes Secret of the own namespace, for ``coinop secrets --kubernetes``.

What secrets there are is ``secrets.py``'s business. What the Secret holds is never changed, whoever writes to it at the
same time.
"""

import base64
from collections.abc import Callable, Mapping
from http import HTTPStatus

from lightkube import AsyncClient
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Secret
from lightkube.types import PatchType

from worker.cluster.access import FAILURES, Right, connect, sentence, status_of

SECRETS = Right("secrets", ("get", "create", "patch"))

TRIES = 5
"""Somebody else may write to the Secret between our reading and writing, but hardly this often in a row."""

LABELS = {"app.kubernetes.io/part-of": "coinop"}

Missing = Callable[[Mapping[str, str]], dict[str, str]]
"""What is to be added to what is there."""


class SecretError(Exception):
    """The Secret can't be filled. Its text is a sentence without any of its content."""


async def fill(name: str, missing: Missing) -> list[str]:
    """Add to the Secret what is missing, and make it if there is none: the names of what was added.

    Raises ClusterError, SecretError.
    """
    client = connect("--kubernetes")
    try:
        for _ in range(TRIES):
            if (added := await _try(client, name, missing)) is not None:
                return added
    except FAILURES as error:
        raise SecretError(_explain(error, name)) from error
    finally:
        await client.close()
    raise SecretError(f"The Secret {name} was changed by somebody else {TRIES} times in a row: see who writes to it.")


async def _try(client: AsyncClient, name: str, missing: Missing) -> list[str] | None:
    """None if somebody else was quicker."""
    secret = await _get(client, name)
    present = (secret.data if secret else None) or {}
    values = missing({key: base64.b64decode(value).decode(errors="replace") for key, value in present.items()})
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    try:
        if secret is None:
            await client.create(Secret(metadata=ObjectMeta(name=name, labels=LABELS), type="Opaque", data=data))
        elif data:
            version = secret.metadata.resourceVersion if secret.metadata else None
            patch = {"metadata": {"resourceVersion": version}, "data": data}  # refused if that is no more its version
            await client.patch(Secret, name, patch, patch_type=PatchType.MERGE)
    except FAILURES as error:
        if status_of(error) != HTTPStatus.CONFLICT:
            raise
        return None
    return list(values)


async def _get(client: AsyncClient, name: str) -> Secret | None:
    try:
        return await client.get(Secret, name)
    except FAILURES as error:
        if status_of(error) != HTTPStatus.NOT_FOUND:
            raise
        return None


def _explain(error: BaseException, name: str) -> str:
    if status_of(error) == HTTPStatus.UNPROCESSABLE_ENTITY:
        return f"The Secret {name} can't be changed, perhaps because it is immutable: add what it lacks yourself."
    return sentence(error, SECRETS)
