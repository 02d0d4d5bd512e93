"""Rooms: their members, the workers they run on, and their survival.

Sans-I/O: messages and ``now`` come in, decisions come out. Imports ``fleet``; views and http import it.
"""
