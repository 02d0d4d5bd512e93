"""What keeps a program from doing something in Kubernetes before anything has been asked of it."""


class ClusterError(Exception):
    """What was asked for can't be done here at all; trying again would not help."""

    def __init__(self, setting: str) -> None:
        super().__init__(setting)
        self.setting = setting


class NotInClusterError(ClusterError):
    """There is no pod around this process, or one without a service account."""

    def __str__(self) -> str:
        return (
            f"{self.setting} works only in a pod of Kubernetes with a service account, and this is none: leave it out"
            " here, and in a pod leave automountServiceAccountToken on."
        )


class NoClientError(ClusterError):
    """The client library is not installed."""

    def __str__(self) -> str:
        return f"{self.setting} needs a library that is not installed here: pip install 'coinop[kubernetes]'"
