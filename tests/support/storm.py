"""One process of a storm: `python -m tests.support.storm URL REDIS COUNT NAME`.

It sends once, says "ready", waits for a line, sends so many at once, and says how many went out. REDIS may be "none".
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from redis import Redis

from liaison.clients.letters import NotSent
from liaison.clients.wechat import MessageTemplate, TemplateOutlet, Wechat, WechatAccount
from tests.support.outside import a_letter


def main(url: str, redis_url: str, count: int, name: str) -> None:
    """Take part."""
    redis = None if redis_url == "none" else Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
    wechat = Wechat(WechatAccount("wx-sandbox", "sandbox-secret"), redis, base_url=url)
    outlet = TemplateOutlet(wechat, MessageTemplate("sandbox-template"))
    outlet.send(a_letter(f"oFirst{name}"))
    print("ready", flush=True)
    sys.stdin.readline()
    together = threading.Barrier(count)

    def send(number: int) -> bool:
        together.wait(30)
        try:
            outlet.send(a_letter(f"oPerson{name}{number:03}", client_message_id=f"{name}{number}"))
        except NotSent as error:
            print(error.reason, file=sys.stderr)
            return False
        return True

    with ThreadPoolExecutor(count) as threads:
        print(sum(threads.map(send, range(count))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
