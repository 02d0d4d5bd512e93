"""libretro cores through cffi: the only folder that imports it."""

from .av import AvInfo, Frame
from .constants import PixelFormat
from .content import SystemInfo
from .core import Core
from .errors import CoreError, CoreMissingError, CoreUnsupportedError, GameUnreadableError
from .hooks import InputSource

__all__ = [
    "AvInfo",
    "Core",
    "CoreError",
    "CoreMissingError",
    "CoreUnsupportedError",
    "Frame",
    "GameUnreadableError",
    "InputSource",
    "PixelFormat",
    "SystemInfo",
]
