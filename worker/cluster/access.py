"""The way to the Kubernetes API out of a pod, and what its answers mean for the person who runs the cluster.

The requests themselves are made in the modules beside this one.
"""

import logging
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import httpx2
from lightkube import ApiError, AsyncClient, ConfigError, KubeConfig, NotReadyError

from worker.cluster.errors import NotInClusterError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet puts a pod's token, and a new one every hour: the client reads it when the old one is refused."""

FAILURES = (httpx2.HTTPError, ConfigError, OSError, NotReadyError, ValueError, LookupError, AttributeError)
"""What a request may end with: a refusal, no answer, or one that is none. The last four, because the client reads what
comes without a look before: from a proxy in between, it may be anything."""


class Right(NamedTuple):
    """What a service account must be allowed to do."""

    resource: str
    verbs: tuple[str, ...]
    everywhere: bool = False
    """It is no namespace's business, so it takes a ClusterRole."""

    def __str__(self) -> str:
        kind = "ClusterRole" if self.everywhere else "Role"
        return f"a {kind} with the verbs {', '.join(self.verbs)} on {self.resource}"


def connect(setting: str) -> AsyncClient:
    """Make a client for the cluster around this process, in its own namespace. Raises NotInClusterError."""
    for chatty in ("httpx2", "httpcore2"):  # a line for each request
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        return AsyncClient(KubeConfig.from_service_account(SERVICE_ACCOUNT))
    except (KeyError, ConfigError, OSError) as error:  # no variable, no token, or no certificate that can be used
        raise NotInClusterError(setting) from error


def status_of(error: BaseException) -> int:
    """Return the HTTP status of a refusal, 0 if there was no answer."""
    if isinstance(error, ApiError) and error.status.code:
        return error.status.code  # one in the middle of a watch has no response of its own
    return error.response.status_code if isinstance(error, httpx2.HTTPStatusError) else 0


def sentence(error: BaseException, right: Right) -> str:
    """Say what is wrong and what to do, after a request that needs this right."""
    reason = error.status.message if isinstance(error, ApiError) else None
    match status_of(error):
        case HTTPStatus.FORBIDDEN:
            return f"The Kubernetes API refuses ({reason or 'forbidden'}): give this pod's service account {right}."
        case HTTPStatus.UNAUTHORIZED:
            return (
                "The Kubernetes API does not know this pod's service account: see whether it is still there, and delete"
                " the pod for another one to come with a new token."
            )
        case 0:
            why = str(error) if isinstance(error, (httpx2.HTTPError, OSError)) else "its answer is none"
            return f"The Kubernetes API can't be reached ({why}): see whether a NetworkPolicy or a proxy is in the way."
        case status:
            return f"The Kubernetes API answers {status} ({reason or 'without a reason'}): its own log says why."
