"""What every part of a worker stands on: background tasks, errors, backoff, and what Linux says of
processes.

Imports nothing of ours.
"""
