"""Benchmarks: how quick the arcade answers, how many rooms fit on a machine, how soon a game is there.

Each module runs alone, ``python -m benchmarks.NAME [--json]``, starts a stack of its own and ends it. What the figures
mean and what they were is written up in ``docs/performance.md``.
"""
