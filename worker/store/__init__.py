"""What outlives a room: snapshots to go on from, save slots and battery memory, in an object store.

Imports ``messages`` and below; processes and agent import it.
"""
