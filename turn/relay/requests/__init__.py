"""The kinds of requests, what each asks for, and whether it is granted: one module per kind.

Each reads a request whose sender is known, and either changes the allocation or raises ``RefusedError``, having changed
nothing. Answering is left to turn/relay/server.py.
"""
