"""The development sender's file."""

from __future__ import annotations

from pathlib import Path

from escrow.operator.code_sender import OutboxSender


def test_a_line_that_a_full_disk_cut_off_spoils_no_other(tmp_path: Path) -> None:
    outbox = OutboxSender(tmp_path)
    outbox.send("+821012345678", "SplitPass code: 111111")
    with (tmp_path / "outbox.txt").open("a") as file:
        file.write("+821087654321\tSplitP")
    outbox.send("+821087654321", "SplitPass code: 222222")
    outbox.send("+821012345678", "SplitPass code: 333333")
    assert (tmp_path / "outbox.txt").read_text().splitlines() == [
        "+821012345678\tSplitPass code: 111111",
        "+821087654321\tSplitP",
        "+821087654321\tSplitPass code: 222222",
        "+821012345678\tSplitPass code: 333333",
    ]
    assert (tmp_path / "outbox.txt").stat().st_mode & 0o777 == 0o600
