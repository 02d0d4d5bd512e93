"""The command line: composes coordinator and worker into programs, and decides nothing itself."""
