"""Bytes: STUN messages, attributes, ChannelData, error codes, credentials and the farewell.

Sans-I/O. Imports turn/errors.py alone; every other folder imports it.
"""
