"""The TURN server as a protocol: requests and ``now`` in, answers and actions out (RFC 8656).

Sans-I/O. Imports ``wire``; the data path and the gateway import it.
"""
