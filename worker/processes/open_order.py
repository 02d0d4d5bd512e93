"""What a room process is told to open."""

import logging
from pathlib import Path

from coordinator.messages import OpenRoom
from worker.config import Config
from worker.library.library import Entry
from worker.messages.control import Open
from worker.store.context import Owner
from worker.store.keeper import Beginning

logger = logging.getLogger(__name__)


def owner(config: Config, order: OpenRoom, entry: Entry) -> Owner:
    """Tell the store whose game it is."""
    legacy = _save_folder(config, entry) / f"{entry.path.stem}.srm" if entry.path else None
    return Owner(room=order.room, game=entry.game.id, profile=order.profile, epoch=order.epoch, legacy_battery=legacy)


def open_order(config: Config, order: OpenRoom, entry: Entry, beginning: Beginning) -> Open:
    """Build the order for a room's process, and make the folders that its core may write to."""
    saves = _save_folder(config, entry)
    for folder in (saves, config.system):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            logger.warning("The folder %s can't be made (%s): games can't use it.", folder, error.strerror)
    return Open(
        room=order.room,
        core=str(entry.core),
        game=str(entry.path) if entry.path else None,
        system_directory=str(config.system),
        save_directory=str(saves),
        options=dict(entry.options),
        offer=order.offer,
        codec=order.codec,
        scale=order.scale,
        max_kbps=config.max_kbps,
        sandbox=config.sandbox,
        profile=order.profile,
        snapshot=beginning.snapshot,
        battery=beginning.battery,
        words=beginning.words,
    )


def _save_folder(config: Config, entry: Entry) -> Path:
    return config.saves / entry.game.id
