"""CONTRACT: the datagrams of the ``input`` data channel, and the devices whose state they carry.

Imports nothing of the room but its errors.
"""
