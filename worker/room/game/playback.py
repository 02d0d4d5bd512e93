"""How the game runs: paused, fast, backwards, or not at all because nobody is there. No clock, no core.

The event loop changes it on the players' behalf; the emulator's thread reads it once a frame.
"""

from msgspec import Struct

NOBODY = ""


class Setting(Struct, frozen=True, kw_only=True):
    """What of it a snapshot keeps, for the room that goes on from there."""

    paused: bool = False
    by: str = NOBODY
    speed: int = 1


class Playback:
    """One for each room. Its setters say whether anything changed."""

    def __init__(self) -> None:
        self.paused = False
        self.by = NOBODY
        """Who changed it last."""
        self.speed = 1
        self.rewinding = False
        self.watched = False
        """Whether anybody is there to play for."""
        self.frozen = False
        """Whether the room is about to move, so that nothing may happen any more that its last snapshot lacks."""

    @property
    def resting(self) -> bool:
        """Whether no frame is to run."""
        return self.frozen or not self.watched or (self.paused and not self.rewinding)

    @property
    def setting(self) -> Setting:
        """What a snapshot keeps."""
        return Setting(paused=self.paused, by=self.by, speed=self.speed)

    def take_up(self, setting: Setting) -> None:
        """Go on as a snapshot says."""
        self.paused, self.by, self.speed = setting.paused, setting.by, setting.speed

    def pause(self, paused: bool, by: str) -> bool:
        """Stop, or go on."""
        changed = paused != self.paused
        if changed:
            self.paused, self.by = paused, by
        return changed

    def run_at(self, speed: int, by: str) -> bool:
        """Run so many times as fast, and not backwards."""
        changed = speed != self.speed
        if changed:
            self.speed, self.by = speed, by
        return changed

    def rewind(self, on: bool, by: str) -> bool:
        """Run backwards, or from here on forwards."""
        changed = on != self.rewinding
        if changed:
            self.rewinding, self.by = on, by
        return changed
