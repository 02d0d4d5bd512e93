"""Rooms, workers and gateways as pages and operators see them.

Sans-I/O. Imports ``rooms`` and ``fleet``; http imports it.
"""
