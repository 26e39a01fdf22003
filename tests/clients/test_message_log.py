"""What the file of letters promises: whole lines without addresses, also from many writers, for its owner alone."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from liaison.clients.message_log import MessageLog
from tests.support.outside import PHONE, a_letter


def test_each_letter_is_one_whole_line_of_json(tmp_path: Path) -> None:
    path = tmp_path / "new" / "notices.log"
    log = MessageLog(path)
    with ThreadPoolExecutor(4) as writers:
        letters = (a_letter(PHONE, topic="办理提醒\n", client_message_id=str(number)) for number in range(200))
        list(writers.map(log.send, letters))
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert sorted(int(line.pop("message")) for line in lines) == list(range(200))
    assert all(
        line == {"at": "2026-11-27T02:30:00+00:00", "topic": "办理提醒\n", "recipient": "0192"} for line in lines
    )
    assert path.stat().st_mode & 0o777 == 0o600
