"""CONTRACT: the messages between a page and its room over the ``room`` data channel.

Imports nothing of the room but its errors.
"""
