"""Who watches and plays, whether they are still there, and what they ask for.

Imports ``saves``, ``game`` and below; the room imports it.
"""
