"""What errors say."""

from turn.wire.errors import REASONS, Refused


def test_a_refusal_says_its_code_and_why() -> None:
    refused = Refused(403, "10.2.0.5 is not admitted")
    assert str(refused) == "403 Forbidden: 10.2.0.5 is not admitted"
    assert refused.attributes == ()


def test_phrases_are_short_enough_for_strangers() -> None:
    assert all(len(reason) <= 32 for reason in REASONS.values())
