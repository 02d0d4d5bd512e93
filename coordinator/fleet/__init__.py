"""The workers that are registered: their regions, which of them opens a room, and the ways to them and to pages.

Sans-I/O: ``now`` and messages come in. Imports ``limits`` and ``messages``; rooms, views and http import it.
"""
