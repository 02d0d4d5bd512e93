"""What pages and operators are told of rooms, workers and gateways.

Sans-I/O. Imports ``rooms`` and ``fleet``; http imports it.
"""
