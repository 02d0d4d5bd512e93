"""The exceptions of a worker's agent: their base, and the tree of them all.

    WorkerError                       a code for programs and a sentence for people
    ├── StartupError                  the worker can't run as it is set up, so it ends with ``exit_code``
    │   ├── CoordinatorRefusedError   agent/link.py: the coordinator doesn't want this worker
    │   ├── PortInUseError            ops/health.py: something else listens where the metrics are to be served
    │   ├── SandboxRefusedError       sandbox/entry.py: the sandbox is required and this machine lacks a part of it
    │   ├── StoreSettingsError        store/objects.py: the store can't be opened with these settings
    │   └── ClusterError              cluster/errors.py: what was asked for in Kubernetes can't be done here
    │       ├── NotInClusterError     there is no pod around this process, or none with a service account
    │       └── NoClientError         the client library is not installed
    ├── StoreError                    store/errors.py: the store did not do an operation; it may be tried again
    ├── DamagedError                  formats/envelope.py: bytes that were read are not what they should be
    ├── ControlMessageError           messages/control.py: the other side of a control socket sent no message
    ├── UnexpectedEventError          processes/lifecycle.py: a room's message came in the wrong state
    └── ScanStoppedError              library/files.py: a scan of the games folders was told to stop

Each is defined where it is raised. What is wrong inside of a room's process is the room's business.
"""

from typing import ClassVar

FAILED, MISUSED = 1, 2
"""Exit codes: something that the operator's settings rely on is not there; the settings themselves can't be met."""


class WorkerError(Exception):
    """Base of what the agent raises. Its text is the sentence: what is wrong, and what to do if anything can be."""

    code: ClassVar[str] = "failed"
    """For programs: a word with underscores, one for each class."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class StartupError(WorkerError):
    """The worker can't run as it is set up, and trying again would not help."""

    exit_code: ClassVar[int] = FAILED
