"""When the stream gives way, and when it comes back."""

from worker.room.media.bitrate import CALM_SECONDS, FLOOR_KBPS, BitrateControl


def test_a_low_estimate_for_a_still_picture_means_nothing() -> None:
    control = BitrateControl(6000)
    assert not control.report(sent_kbps=50, estimate_kbps=300, loss=0.0, now=0)
    assert control.kbps == 6000


def test_an_estimate_below_what_is_sent_lowers_the_limit() -> None:
    control = BitrateControl(6000)
    assert not control.report(sent_kbps=4000, estimate_kbps=2000, loss=0.0, now=0), "once may be chance"
    assert control.report(sent_kbps=4000, estimate_kbps=2000, loss=0.0, now=1)
    assert control.kbps == 4000


def test_a_stream_below_the_floor_is_never_cut_for_an_estimate() -> None:
    control = BitrateControl(6000)
    assert not any(control.report(sent_kbps=FLOOR_KBPS, estimate_kbps=50, loss=0.0, now=second) for second in range(10))


def test_a_picture_that_does_not_feel_the_limit_leaves_it_alone() -> None:
    control = BitrateControl(1000)
    control.report(sent_kbps=1000, estimate_kbps=None, loss=0.5, now=0)
    low = control.kbps
    assert not any(control.report(sent_kbps=50, estimate_kbps=None, loss=0.0, now=10.0 * i) for i in range(1, 10))
    assert control.kbps == low


def test_loss_lowers_the_limit_once_a_second_down_to_the_floor() -> None:
    control = BitrateControl(1000)
    assert control.report(sent_kbps=1000, estimate_kbps=None, loss=0.2, now=0.0)
    assert not control.report(sent_kbps=1000, estimate_kbps=None, loss=0.2, now=0.5)
    for second in range(1, 60):
        control.report(sent_kbps=control.kbps, estimate_kbps=None, loss=0.2, now=float(second))
    assert control.kbps == FLOOR_KBPS


def test_calm_raises_the_limit_in_steps_to_the_maximum() -> None:
    control = BitrateControl(1000)
    control.report(sent_kbps=1000, estimate_kbps=None, loss=0.5, now=0)
    low = control.kbps
    assert not control.report(sent_kbps=low, estimate_kbps=None, loss=0.0, now=CALM_SECONDS - 1)
    assert control.report(sent_kbps=low, estimate_kbps=None, loss=0.0, now=CALM_SECONDS)
    assert low < control.kbps <= 1000
    for minute in range(1, 10):
        control.report(sent_kbps=control.kbps, estimate_kbps=None, loss=0.0, now=60.0 * minute)
    assert control.kbps == 1000


def test_a_little_loss_changes_nothing() -> None:
    control = BitrateControl(1000)
    assert not control.report(sent_kbps=1000, estimate_kbps=None, loss=0.05, now=0)
