"""What can go wrong with a core or a game that is not ours: one sentence for a person, and a code for programs."""


class CoreError(Exception):
    """A core, or the game that it was given, doesn't do. ``str()`` says what is wrong and what to do."""

    code = "core_failed"


class CoreMissingError(CoreError):
    """There is no such core."""

    code = "core_missing"


class CoreUnsupportedError(CoreError):
    """The core needs something that we don't have, such as a GPU."""

    code = "core_unsupported"


class GameUnreadableError(CoreError):
    """The game file can't be read, or the core doesn't take it."""

    code = "game_unreadable"
