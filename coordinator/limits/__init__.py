"""Rate limits.

Sans-I/O; imports nothing of ours, and every other folder may import it.
"""
