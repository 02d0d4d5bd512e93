"""What each kind of request asks for, and whether it is granted: one module per kind.

Each reads a request whose sender is known, and either changes the allocation or raises ``Refused``, having changed
nothing. Answering is left to relay.py.
"""
