"""Bytes: STUN messages, attributes, ChannelData, error codes, credentials and the farewell.

Sans-I/O. Imports nothing of ours; every other folder imports it.
"""
