"""Rooms: who is in them, where they run, and what becomes of them.

Sans-I/O: messages and ``now`` come in, decisions come out. Imports ``fleet``; views and http import it.
"""
