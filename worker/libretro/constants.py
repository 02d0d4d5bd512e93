"""The used numbers of libretro.h, under their own names without the prefix ``RETRO_``."""

from enum import IntEnum, IntFlag

PORTS = 4
"""Ports that have input devices: one for each seat of a room (``coordinator.messages.Seat``). Cores with more ports
find nothing held at the rest."""

EXPERIMENTAL = 0x10000
"""Part of a command's number, not a flag to strip: 44 with it and 44 without are two commands."""


class Command(IntEnum):
    """The commands by which a core asks or tells something through its environment callback."""

    SET_ROTATION = 1
    GET_OVERSCAN = 2
    GET_CAN_DUPE = 3
    SET_MESSAGE = 6
    SHUTDOWN = 7
    SET_PERFORMANCE_LEVEL = 8
    GET_SYSTEM_DIRECTORY = 9
    SET_PIXEL_FORMAT = 10
    SET_INPUT_DESCRIPTORS = 11
    SET_KEYBOARD_CALLBACK = 12
    SET_DISK_CONTROL_INTERFACE = 13
    SET_HW_RENDER = 14
    GET_VARIABLE = 15
    SET_VARIABLES = 16
    GET_VARIABLE_UPDATE = 17
    SET_SUPPORT_NO_GAME = 18
    GET_LIBRETRO_PATH = 19
    SET_FRAME_TIME_CALLBACK = 21
    GET_RUMBLE_INTERFACE = 23
    GET_INPUT_DEVICE_CAPABILITIES = 24
    GET_LOG_INTERFACE = 27
    GET_CORE_ASSETS_DIRECTORY = 30
    GET_SAVE_DIRECTORY = 31
    SET_SYSTEM_AV_INFO = 32
    SET_SUBSYSTEM_INFO = 34
    SET_CONTROLLER_INFO = 35
    SET_MEMORY_MAPS = 36 | EXPERIMENTAL
    SET_GEOMETRY = 37
    GET_USERNAME = 38
    GET_LANGUAGE = 39
    SET_SUPPORT_ACHIEVEMENTS = 42 | EXPERIMENTAL
    SET_SERIALIZATION_QUIRKS_OLD = 44  # its number until headers of 2026, which nearly all cores are built with
    GET_AUDIO_VIDEO_ENABLE = 47 | EXPERIMENTAL
    GET_FASTFORWARDING = 49 | EXPERIMENTAL
    GET_INPUT_BITMASKS = 51 | EXPERIMENTAL
    GET_CORE_OPTIONS_VERSION = 52
    SET_CORE_OPTIONS = 53
    SET_CORE_OPTIONS_INTL = 54
    SET_CORE_OPTIONS_DISPLAY = 55
    GET_DISK_CONTROL_INTERFACE_VERSION = 57
    SET_DISK_CONTROL_EXT_INTERFACE = 58
    GET_MESSAGE_INTERFACE_VERSION = 59
    SET_MESSAGE_EXT = 60
    GET_INPUT_MAX_USERS = 61
    SET_AUDIO_BUFFER_STATUS_CALLBACK = 62
    SET_MINIMUM_AUDIO_LATENCY = 63
    SET_CONTENT_INFO_OVERRIDE = 65
    GET_GAME_INFO_EXT = 66
    SET_CORE_OPTIONS_V2 = 67
    SET_CORE_OPTIONS_V2_INTL = 68
    SET_CORE_OPTIONS_UPDATE_DISPLAY_CALLBACK = 69
    SET_VARIABLE = 70
    GET_THROTTLE_STATE = 71 | EXPERIMENTAL
    GET_SAVESTATE_CONTEXT = 72 | EXPERIMENTAL
    GET_JIT_CAPABLE = 74
    GET_TARGET_SAMPLE_RATE = 81 | EXPERIMENTAL
    SET_SERIALIZATION_QUIRKS = 87


class PixelFormat(IntEnum):
    """How a frame's pixels lie in memory: native words, so little-endian on every machine that we run on."""

    XRGB1555 = 0
    XRGB8888 = 1
    RGB565 = 2

    @property
    def bytes_per_pixel(self) -> int:
        return 4 if self is PixelFormat.XRGB8888 else 2


class Device(IntEnum):
    """A kind of input device. A core's own subclass holds one of these in its low byte (DEVICE_MASK)."""

    NONE = 0
    JOYPAD = 1
    MOUSE = 2
    KEYBOARD = 3
    LIGHTGUN = 4
    ANALOG = 5
    POINTER = 6


DEVICE_MASK = 0xFF

JOYPAD_MASK = 256
"""The id that asks for all 16 buttons of a joypad at once, bit n for button n."""


class Memory(IntEnum):
    """A core's memory that the frontend may read and write."""

    SAVE_RAM = 0
    RTC = 1
    SYSTEM_RAM = 2
    VIDEO_RAM = 3


class AvEnable(IntFlag):
    """The parts of the next frame that are wanted."""

    VIDEO = 1
    AUDIO = 2
    FAST_SAVESTATES = 4
    HARD_DISABLE_AUDIO = 8


class SavestateContext(IntEnum):
    """The purpose of the next savestates; a core may leave things out that a state in this process can do without."""

    NORMAL = 0
    RUNAHEAD_SAME_INSTANCE = 1
    RUNAHEAD_SAME_BINARY = 2
    ROLLBACK_NETPLAY = 3


class SerializationQuirk(IntFlag):
    """The oddities of a core's savestates."""

    INCOMPLETE = 1
    MUST_INITIALIZE = 2
    CORE_VARIABLE_SIZE = 4
    FRONT_VARIABLE_SIZE = 8
    SINGLE_SESSION = 16
    ENDIAN_DEPENDENT = 32
    PLATFORM_DEPENDENT = 64
