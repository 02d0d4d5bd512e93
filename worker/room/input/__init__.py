"""CONTRACT: input datagrams, and the devices that they add up to.

Imports nothing of the room.
"""
