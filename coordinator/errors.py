"""Every exception of the coordinator's own, in one tree; where each is raised and caught is left to the other modules.

::

    CoordinatorError
    ├── RefusalError        a code for programs and a sentence for a person
    │   ├── DeniedError     a page or an operator asked for something that it can't have; the connection goes on
    │   │   └── NoPlaceError    no worker has the game and a free place
    │   └── PeerError       a page or a worker broke a rule of its connection, which ends
    ├── MessageError        a frame is not one of the messages that its sender may send (also a ValueError)
    ├── WrongPhaseError     an event came to a room that it can't come to: a mistake of the coordinator's own
    ├── PortInUseError      another program listens on the port (also an OSError)
    └── TLSError            the certificate or its key can't be used (also an OSError)
"""

import errno
import os
from enum import Enum
from pathlib import Path


class CoordinatorError(Exception):
    """Anything that the coordinator raises itself."""


class RefusalError(CoordinatorError):
    """A refusal: ``code`` is for programs, ``sentence`` tells a person what is wrong and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class DeniedError(RefusalError):
    """A page or an operator asked for something that it can't have. The sentence is for that person."""


class NoPlaceError(DeniedError):
    """No worker can open the room: none is connected, none has the game, or none has a free place."""


class PeerError(RefusalError):
    """A page or a worker broke a rule of its connection, which ends. The sentence is for the person behind it."""


class MessageError(CoordinatorError, ValueError):
    """A peer sent something that is not one of the messages it may send."""


class WrongPhaseError(CoordinatorError):
    """An event came to a room in a phase in which it can't come: a mistake of the coordinator's own."""

    def __init__(self, phase: Enum, event: Enum) -> None:
        super().__init__(phase, event)
        self.phase = phase
        self.event = event

    def __str__(self) -> str:
        return f"{self.event.name} can't come in phase {self.phase.name}"


class PortInUseError(CoordinatorError, OSError):
    """Another program listens on the port already."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return f"port {self.port} on {self.host} is in use: choose one that is free with --port"


class TLSError(CoordinatorError, OSError):
    """The certificate or its key can't be used."""

    def __init__(self, certificate: Path, key: Path, reason: OSError) -> None:
        super().__init__(reason.errno, reason.strerror)
        self.certificate = certificate
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        why = getattr(self.reason, "reason", None) or self.reason.strerror or "it is not one"
        return (
            f"the certificate {self.certificate} with the key {self.key} can't be used ({why}): both must be PEM files"
            " that this user can read, the key without a passphrase and of this certificate"
        )
