"""Datagrams between sockets: by compiled code on Linux, by Python's own sockets elsewhere.

The only folder that is compiled. Imports ``relay`` and ``wire``; the gateway imports it.
"""
