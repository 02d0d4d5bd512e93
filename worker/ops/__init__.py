"""What operators see of a worker: health and metrics.

Imports ``processes``; the agent imports it.
"""
