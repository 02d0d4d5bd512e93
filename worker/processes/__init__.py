"""Room processes from outside: started, spoken to, watched and ended.

Imports store, library and messages, and nothing of ``room``; the agent and ops import it.
"""
