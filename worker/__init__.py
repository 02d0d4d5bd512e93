"""The worker: one agent process, and one process for each room, which runs a libretro core and streams it.

The agent (``agent.py``) keeps the link to the coordinator and starts rooms. A room (``room/``) holds one core: the
emulator thread runs and encodes each frame, the event loop sends it and takes input.
"""
