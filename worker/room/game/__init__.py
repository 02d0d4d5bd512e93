"""The emulator's thread: the core, its frames, its states, and jobs between frames.

Imports ``media``, ``wire`` and ``input``; saves, players and the room import it.
"""
