"""What holds for all tests."""

from hypothesis import settings

# A busy machine is no failure: examples have no deadline, the tests' own timeout ends what hangs.
settings.register_profile("coinop", deadline=None)
settings.load_profile("coinop")
