"""The emulator's thread: the core, its frames and its states, and calls into the core between two frames.

Imports ``media``, ``wire`` and ``input``; saves, players and the room import it.
"""
