"""libretro cores through cffi: the only folder that imports it."""

from .av import AvInfo, Frame
from .constants import AvEnable, PixelFormat, SerializationQuirk
from .content import SystemInfo
from .core import Core
from .errors import CoreError, CoreMissingError, CoreUnsupportedError, GameUnreadableError
from .hooks import InputSource

__all__ = [
    "AvEnable",
    "AvInfo",
    "Core",
    "CoreError",
    "CoreMissingError",
    "CoreUnsupportedError",
    "Frame",
    "GameUnreadableError",
    "InputSource",
    "PixelFormat",
    "SerializationQuirk",
    "SystemInfo",
]
