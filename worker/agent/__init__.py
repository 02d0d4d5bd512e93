"""The agent's own life: its link to the coordinator, orders, reports, and how it ends.

The top floor: imports all others, and ``coinop`` alone imports it.
"""
