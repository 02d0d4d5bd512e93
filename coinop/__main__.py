"""``python -m coinop`` is the same as ``coinop``."""

from coinop.cli import main

main()
