"""The viewers of a room: their seats, whether they are still there, and their requests.

Imports ``saves``, ``game`` and below; the room imports it.
"""
