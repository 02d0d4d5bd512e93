"""The base of every error that the gateway raises on purpose, with a code for programs and a sentence for people.

::

    GatewayError                    code, sentence
    ├── ProtocolError               a client or a peer misbehaves
    │   ├── MalformedError          bytes that make no message: 400, or silence         turn/wire/errors.py
    │   └── RefusedError            a request that a STUN error code answers            turn/wire/errors.py
    └── OperatorError               somebody has to change something: the sentence says what
        ├── NotServedError          an address can't be served: ``not_served``          turn/gateway/sockets.py
        ├── UnusableFileError       a file can't be used: ``unusable_file``             turn/reload.py
        └── ProbeError              a gateway does not do its work: ``probe_failed``    turn/probe.py

A class stands beside the code that raises it. Misuse of a class by the program itself raises ``ValueError``,
``KeyError`` or ``RuntimeError``, as everywhere; so do settings that make no sense, because pydantic collects these.
"""


class GatewayError(Exception):
    """Something went wrong that the gateway knows about."""

    def __init__(self, code: int | str, sentence: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        """STUN's error code, or a word."""
        self.sentence = sentence
        """For the log and for people; no secret is in it."""

    def __str__(self) -> str:
        return self.sentence


class ProtocolError(GatewayError):
    """A client or a peer misbehaves. It is answered or ignored; nothing else changes."""

    code: int


class OperatorError(GatewayError):
    """A file, an address or a gateway is not as it has to be. The sentence says what to do about it."""
