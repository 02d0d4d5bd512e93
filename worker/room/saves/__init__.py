"""A room's side of the store: slots, autosaves, and questions to the agent.

Imports ``game`` and below; players and the room import it.
"""
