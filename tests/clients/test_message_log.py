"""What the file of messages promises: whole lines, also from many writers, readable by its owner alone."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from liaison.clients.message_log import MessageLog


def test_each_message_is_one_whole_line_of_json(tmp_path: Path) -> None:
    path = tmp_path / "new" / "notices.log"
    log = MessageLog(path)
    with ThreadPoolExecutor(4) as writers:
        messages = ({"topic": "办理提醒\n", "message": str(number)} for number in range(200))
        list(writers.map(log.append, messages))
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert sorted(int(line["message"]) for line in lines) == list(range(200))
    assert {line["topic"] for line in lines} == {"办理提醒\n"}
    assert path.stat().st_mode & 0o777 == 0o600
