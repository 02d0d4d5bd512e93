"""The errors of a core or its game: a reason for a person, and a code for programs."""


class CoreError(Exception):
    """A core, or its game, can't be used. ``str()`` says why and what to do, without a capital or a full stop."""

    code = "core_failed"


class CoreMissingError(CoreError):
    """There is no such core."""

    code = "core_missing"


class CoreUnsupportedError(CoreError):
    """The core needs something that is not there, such as a GPU."""

    code = "core_unsupported"


class GameUnreadableError(CoreError):
    """The game file can't be read, or the core doesn't take it."""

    code = "game_unreadable"
