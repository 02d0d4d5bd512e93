"""Core options ("variables"), the choices that a core offers, in all of the API's versions.

Versions 0, 1 and 2 differ in form only, and all become ``Option``. The strings of a value that a core was given stay
alive, for cores keep the pointer.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from .boundary import Boundary
from .constants import Command
from .declarations import CData, entries, ffi, text
from .handlers import Handler, Handlers, Null

CORE_OPTIONS_VERSION = 2

MAX_VALUES = 128
"""The size of the array of values in an option's definition, whose terminator may be missing."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. ``values`` pairs each value with its label; ``value`` is the chosen one."""

    key: str
    label: str
    info: str
    category: str
    values: tuple[tuple[str, str], ...]
    default: str
    value: str
    visible: bool = True

    def allows(self, value: str) -> bool:
        """Return whether the value is one of those to choose from."""
        return any(value == allowed for allowed, _label in self.values)


class Options(Mapping[str, Option]):
    """The options that the core has defined so far, by key."""

    def __init__(self, chosen: Mapping[str, str], boundary: Boundary, logger: logging.LoggerAdapter[logging.Logger]):
        self._chosen = dict(chosen)
        """The values to use, given before the core has defined its options; then those that were set later too."""
        self._boundary = boundary
        self._logger = logger
        self._options: dict[str, Option] = {}
        self._strings: dict[str, CData] = {}
        self._changed = False
        self._update_display: CData = None
        self.categories: Mapping[str, str] = MappingProxyType({})
        """Category key -> label."""
        self.handlers: Handlers = {
            Command.GET_VARIABLE: Handler("struct retro_variable *", self._get, Null.PROBE),
            Command.GET_VARIABLE_UPDATE: Handler("bool *", self._get_changed),
            Command.SET_VARIABLE: Handler("struct retro_variable *", self._set_by_core, Null.PROBE),
            Command.SET_VARIABLES: Handler("struct retro_variable *", self._define_v0, Null.PROBE),
            Command.GET_CORE_OPTIONS_VERSION: Handler("unsigned *", self._get_version),
            Command.SET_CORE_OPTIONS: Handler("struct retro_core_option_definition *", self._define_v1, Null.PROBE),
            Command.SET_CORE_OPTIONS_INTL: Handler(
                "struct retro_core_options_intl *", lambda intl: self._define_v1(intl.us), Null.PROBE
            ),
            Command.SET_CORE_OPTIONS_V2: Handler("struct retro_core_options_v2 *", self._define_v2, Null.PASS),
            Command.SET_CORE_OPTIONS_V2_INTL: Handler(
                "struct retro_core_options_v2_intl *", self._define_v2_intl, Null.PASS
            ),
            Command.SET_CORE_OPTIONS_DISPLAY: Handler("struct retro_core_option_display *", self._display),
            Command.SET_CORE_OPTIONS_UPDATE_DISPLAY_CALLBACK: Handler(
                "struct retro_core_options_update_display_callback *", self._set_update_display, Null.PASS
            ),
        }

    def __getitem__(self, key: str) -> Option:
        return self._options[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._options)

    def __len__(self) -> int:
        return len(self._options)

    def set(self, key: str, value: str) -> None:
        """Choose a value; the core sees it in its next frame. Raises ValueError if there is no such choice."""
        option = self._options.get(key)
        if option is None:
            raise ValueError(f"the core has no option {key!r}")
        if not option.allows(value):
            allowed = ", ".join(value for value, _label in option.values)
            raise ValueError(f"the core's option {key} can't be {value!r}; it can be {allowed}")
        self._choose(option, value)
        if self._update_display:
            self._boundary.call(self._update_display)

    def _choose(self, option: Option, value: str) -> None:
        if option.value != value:
            self._chosen[option.key] = value
            self._options[option.key] = replace(option, value=value)
            self._changed = True

    # ----- commands of the core

    def _get(self, variable: CData) -> bool:
        option = self._options.get(text(variable.key))
        variable.value = self._c_string(option.value) if option else ffi.NULL
        return option is not None

    def _c_string(self, value: str) -> CData:
        string = self._strings.get(value)
        if string is None:
            string = self._strings[value] = ffi.new("char[]", value.encode())
        return string

    def _get_changed(self, changed: CData) -> bool:
        changed[0] = self._changed
        self._changed = False
        return True

    def _get_version(self, version: CData) -> bool:
        version[0] = CORE_OPTIONS_VERSION
        return True

    # ----- the core tells

    def _define_v0(self, variables: CData) -> bool:
        self._define(_read_v0(text(variable.key), text(variable.value)) for variable in entries(variables, "key"))
        return True

    def _define_v1(self, definitions: CData) -> bool:
        self._define(
            _read(definition, "", text(definition.desc), text(definition.info))
            for definition in entries(definitions, "key")
        )
        return True

    def _define_v2_intl(self, intl: CData) -> bool:
        return self._define_v2(intl.us if intl else intl)

    def _define_v2(self, options: CData) -> bool:
        if not options:
            self._define(())
            return True
        self.categories = MappingProxyType(
            {text(category.key): text(category.desc) for category in entries(options.categories, "key")}
        )
        self._define(
            _read(
                definition,
                text(definition.category_key),
                text(definition.desc_categorized) or text(definition.desc),
                text(definition.info_categorized) or text(definition.info),
            )
            for definition in entries(options.definitions, "key")
        )
        return True

    def _define(self, options: Iterable[Option]) -> None:
        self._options = {option.key: self._with_choice(option) for option in options if option.values}

    def _with_choice(self, option: Option) -> Option:
        value = self._chosen.get(option.key, option.value)
        if option.allows(value):
            return replace(option, value=value)
        self._logger.warning("= option %s can't be %r, so it is %r", option.key, value, option.value)
        return option

    def _set_by_core(self, variable: CData) -> bool:
        option = self._options.get(text(variable.key))
        value = text(variable.value)
        if option is None or not option.allows(value):
            return False
        self._choose(option, value)
        return True

    def _display(self, display: CData) -> bool:
        option = self._options.get(text(display.key))
        if option is not None:
            self._options[option.key] = replace(option, visible=bool(display.visible))
        return True

    def _set_update_display(self, callback: CData) -> bool:
        self._update_display = callback.callback if callback else None
        return True


def _read_v0(key: str, description: str) -> Option:
    """Version 0 has it all in one string, ``Label; default|other|third``."""
    label, _, listing = description.partition(";")
    values = tuple((value, value) for value in listing.strip().split("|") if value)
    default = values[0][0] if values else ""
    return Option(key, label.strip(), "", "", values, default, default)


def _read(definition: CData, category: str, label: str, info: str) -> Option:
    """Read an option of version 1 or 2. A default that is no value, or none, means the first."""
    values = tuple(_read_values(definition.values))
    default = text(definition.default_value)
    if values and default not in dict(values):
        default = values[0][0]
    return Option(text(definition.key), label, info, category, values, default, default)


def _read_values(values: CData) -> Iterator[tuple[str, str]]:
    for index in range(MAX_VALUES):
        value = text(values[index].value)
        if not values[index].value:
            return
        yield value, text(values[index].label) or value
