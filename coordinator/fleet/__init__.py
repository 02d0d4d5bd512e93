"""The workers that are registered, and the regions they are in.

Sans-I/O: ``now`` and messages come in. Imports ``limits`` and ``messages``; rooms, views and http import it.
"""
