"""The way in which the game runs: paused, fast, backwards, or not at all because nobody is there. No clock, no core.

The event loop changes it on the players' behalf; the emulator's thread reads it once a frame.
"""

from msgspec import Struct

NOBODY = ""
"""In the place of a player's title."""


class PlaybackSetting(Struct, frozen=True, kw_only=True):
    """The part that a snapshot keeps, for the room that goes on from there."""

    paused: bool = False
    by: str = NOBODY
    speed: int = 1


class PlaybackControl:
    """How one room's game runs. Its setters return whether they changed anything; ``by`` is a player's title."""

    def __init__(self) -> None:
        self.paused = False
        self.by = NOBODY
        """The player who changed it last."""
        self.speed = 1
        self.rewinding = False
        self.watched = False
        """Whether a viewer is there to play for."""
        self.frozen = False
        """Whether the room is about to move, so that nothing may happen any more that its last snapshot lacks."""

    @property
    def resting(self) -> bool:
        """Whether no frame is to run."""
        return self.frozen or not self.watched or (self.paused and not self.rewinding)

    @property
    def setting(self) -> PlaybackSetting:
        """The part that a snapshot keeps."""
        return PlaybackSetting(paused=self.paused, by=self.by, speed=self.speed)

    def restore(self, setting: PlaybackSetting) -> None:
        """Run as a snapshot says."""
        self.paused, self.by, self.speed = setting.paused, setting.by, setting.speed

    def pause(self, paused: bool, by: str) -> bool:
        """Stop the game, or let it go on."""
        changed = paused != self.paused
        if changed:
            self.paused, self.by = paused, by
        return changed

    def run_at(self, speed: int, by: str) -> bool:
        """Run the game at ``speed`` times its own speed."""
        changed = speed != self.speed
        if changed:
            self.speed, self.by = speed, by
        return changed

    def rewind(self, on: bool, by: str) -> bool:
        """Run the game backwards, or from here on forwards."""
        changed = on != self.rewinding
        if changed:
            self.rewinding, self.by = on, by
        return changed
