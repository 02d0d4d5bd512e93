"""CONTRACT: what the agent and a room process say to each other.

The only thing that both sides share. Imports the sandbox's modes and ``runtime``; room, store, processes and agent
import it.
"""
