"""CONTRACT: what a page and its room say to each other over the ``room`` data channel.

Imports nothing of the room.
"""
