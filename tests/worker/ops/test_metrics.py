from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from coordinator.messages import Admit, Admitted, CloseRoom, RoomClosed
from tests.worker.stand_ins.rooms import Reports, make_entry, make_supervisor, order_for, until
from worker.ops.metrics import ALERTED_CODES, MAX_CODES, Metrics

Samples = Mapping[tuple[str, str], float]


def parse(metrics: Metrics) -> Samples:
    """Read all samples, by their name and the value of their label."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name.removeprefix("coinop_worker_"), next(iter(sample.labels.values()), "")): sample.value
        for family in families
        for sample in family.samples
    }


async def test_what_a_room_shows_ends_with_it(tmp_path: Path) -> None:
    metrics, reports = Metrics(), Reports()
    supervisor = make_supervisor(tmp_path, reports, metrics)
    metrics.show(supervisor, 3, lambda: True)
    try:
        supervisor.open(order_for("0123456789abcdef"), make_entry())
        await reports.expect(Admitted)
        supervisor.admit(Admit(room="0123456789abcdef", viewer="v2", seat=1, offer="second"))
        await reports.expect(Admitted)
        room = next(iter(supervisor))
        await until(lambda: room.figures and len(room.figures.viewers) == 2)
        samples = parse(metrics)
        assert samples["rooms", ""] == samples["registered", ""] == 1
        assert samples["capacity", ""] == 3
        assert samples["room_open_seconds_count", ""] == 1
        of_room = {name: value for (name, label), value in samples.items() if label == "01234567"}
        assert of_room.pop("room_frames_total") >= 60
        assert of_room.pop("room_cpu_seconds_total") > 0
        assert of_room.pop("room_resident_bytes") > 1 << 20
        assert of_room == {
            "room_late_frames_total": 1,
            "room_run_seconds_total": 0.5,
            "room_encode_seconds_total": 0.25,
            "room_video_bytes_total": 1000,
            "room_audio_bytes_total": 100,
            "room_keyframes_total": 2,
            "room_fps": 60.1,
            "room_bitrate": 1e6,
            "room_viewers": 2,
            "room_rtt_seconds": 0.02,
            "room_loss": 0.002,
        }
        supervisor.close(CloseRoom(room="0123456789abcdef"))
        await reports.expect(RoomClosed)
        after = parse(metrics)
        assert after["rooms", ""] == 0
        assert after["rooms_closed_total", "closed"] == 1
        assert not [name for name, label in after if label == "01234567"]
        await until(lambda: parse(metrics)["spare_ready", ""] == 1)
    finally:
        await supervisor.stop()


async def test_a_room_without_figures_or_process_shows_what_it_can(tmp_path: Path) -> None:
    metrics, reports = Metrics(), Reports()
    supervisor = make_supervisor(tmp_path, reports, metrics)
    metrics.show(supervisor, 3, lambda: False)
    try:
        supervisor.open(order_for("r1"), make_entry())
        samples = parse(metrics)
        assert samples["rooms", ""] == 1
        assert samples["registered", ""] == samples["spare_ready", ""] == 0
        assert ("room_fps", "r1") not in samples
    finally:
        await supervisor.stop()


OTHER_CODES = MAX_CODES - len(ALERTED_CODES)


@pytest.mark.parametrize("count", [OTHER_CODES - 1, OTHER_CODES + 5])
def test_codes_are_counted_but_not_without_end(count: int) -> None:
    metrics = Metrics()
    for number in range(count):
        metrics.room_closed(f"code_{number}")
    metrics.room_closed("code_0")
    closed = {label: value for (name, label), value in parse(metrics).items() if name == "rooms_closed_total"}
    assert closed["code_0"] == 2
    assert closed.get("other", 0) == max(0, count - OTHER_CODES)
    assert sum(closed.values()) == count + 1


def test_the_store_s_operations_and_what_waits_for_it_are_shown() -> None:
    metrics = Metrics()
    metrics.show_waiting(lambda: 123.0)
    metrics.store_operation("put", "ok", 0.03)
    metrics.store_operation("put", "failed", 10.0)
    families = {family.name: family for family in text_string_to_metric_families(metrics.exposition().decode())}
    operations = {
        (sample.labels["kind"], sample.labels["result"]): sample.value
        for sample in families["coinop_worker_store_operations"].samples
        if sample.name.endswith("_total")
    }
    assert {key: count for key, count in operations.items() if count} == {("put", "ok"): 1, ("put", "failed"): 1}
    assert families["coinop_worker_store_waiting_bytes"].samples[0].value == 123
    assert parse(metrics)["store_seconds_count", "put"] == 2
