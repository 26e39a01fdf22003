"""What a message says: that there is news and where to read it, never what it is (TRUST I11)."""

from datetime import datetime

from liaison.clients.letters import Letter
from liaison.domain.actors import Role
from liaison.services.claims import BUNDLE, Message

RESIDENT = "您反映的事项有新进展，请打开链接查看。"
STAFF = "您在码上联有一条新的待办或提醒，请登录查看。"
DIGEST = "今天的工作摘要已经备好，请登录码上联查看。"
SEVERAL = "您在码上联有 {count} 条新的待办或提醒，请登录查看。"


def letter_of(message: Message, base_url: str, at: datetime) -> Letter:
    """The message as it leaves the house."""
    return Letter(
        address=message.address,
        topic=message.topic,
        text=_text(message),
        link=_link(message, base_url),
        recipient=str(message.recipient_id),
        at=at,
        client_message_id=message.client_message_id,
    )


def _text(message: Message) -> str:
    if message.recipient_role == Role.RESIDENT:
        return RESIDENT
    if message.topic == BUNDLE:
        return SEVERAL.format(count=message.count)
    return DIGEST if message.topic == "digest" else STAFF


def _link(message: Message, base_url: str) -> str:
    if message.recipient_role == Role.RESIDENT:
        return f"{base_url}/m/{message.number}" if message.number else f"{base_url}/m"
    return f"{base_url}/console/notices"
