"""Names, records and versions of stored objects.

Sans-I/O. Imports ``formats`` and ``messages``; the rest of the store imports it.
"""
