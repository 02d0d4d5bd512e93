"""Games and cores on this machine: which there are, and which core runs what.

Imports ``messages`` and below; processes and agent import it.
"""
