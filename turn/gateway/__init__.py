"""Listeners, relayed transport addresses and their sockets: the relay's decisions carried out.

Imports ``datapath``, ``relay`` and ``wire``; the node, http, reload and the probe import it.
"""
