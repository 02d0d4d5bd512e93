"""libretro cores through cffi: the only folder that imports it."""

from .av import AvInfo, Frame
from .constants import JOYPAD_MASK, PORTS, AvEnable, Device, PixelFormat, SerializationQuirk
from .content import SystemInfo
from .core import Core
from .errors import CoreError, CoreMissingError, CoreUnsupportedError, GameUnreadableError
from .hooks import InputSource

__all__ = [
    "JOYPAD_MASK",
    "PORTS",
    "AvEnable",
    "AvInfo",
    "Core",
    "CoreError",
    "CoreMissingError",
    "CoreUnsupportedError",
    "Device",
    "Frame",
    "GameUnreadableError",
    "InputSource",
    "PixelFormat",
    "SerializationQuirk",
    "SystemInfo",
]
