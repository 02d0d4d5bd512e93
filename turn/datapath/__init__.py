"""Datagrams between sockets: by compiled code on Linux, by Python's own sockets elsewhere.

``interface.DataPath`` is what the gateway sees of either. The only folder that is compiled. Imports ``relay`` and
``wire``; the gateway imports it.
"""
