"""Errors of settings that need Kubernetes, raised before any request. Those of requests are ``access.py``'s."""

from typing import ClassVar

from worker.runtime.errors import MISUSED, StartupError


class ClusterError(StartupError):
    """A setting asks for something in Kubernetes that can't be done here at all."""

    exit_code: ClassVar[int] = MISUSED

    def __init__(self, setting: str, remedy: str) -> None:
        """Make the sentence: ``setting`` names what asks for it, ``remedy`` goes on from there."""
        super().__init__(f"{setting} {remedy}")
        self.setting = setting


class NotInClusterError(ClusterError):
    """There is no pod around this process, or one without a service account."""

    code = "not_in_cluster"

    def __init__(self, setting: str) -> None:
        super().__init__(
            setting,
            "works only in a pod of Kubernetes with a service account, and this is none: leave it out here, and in a"
            " pod leave automountServiceAccountToken on.",
        )


class NoClientError(ClusterError):
    """The client library is not installed."""

    code = "no_client"

    def __init__(self, setting: str) -> None:
        super().__init__(setting, "needs a library that is not installed here: pip install 'coinop[kubernetes]'")
