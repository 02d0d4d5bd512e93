"""How often somebody may ask.

Sans-I/O; imports nothing of ours, and every other folder may import it.
"""
