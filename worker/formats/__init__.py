"""The files that a worker writes: an envelope with a checksum, and savestates in it.

Sans-I/O. Imports ``runtime``'s errors; rooms and the store import it.
"""
