"""E-mail over SMTP: a plain text of two lines, one connection for each; knows the server's answers, not why we write.

A repeat carries the same Message-ID, by which mail programs and servers may recognise it.
"""

import hashlib
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from liaison.clients.calls import FINAL, RETRY, Meaning, quota
from liaison.clients.letters import Letter, NotSent

SECONDS = 5.0
"""How long each step of the conversation may take."""

CLOSING, FULL = 421, 452
"""The server has no time for anybody; there is no room."""

PAUSE = quota(minutes=1)
FOOTER = "本邮件由系统自动发出，请勿回复。"

_WORD, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9-]{1,63}"
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z){_WORD}(\.{_WORD})*@{_LABEL}(\.{_LABEL})*")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and as whom; without a username nobody signs in."""

    host: str
    port: int
    sender: str
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


class MailOutlet:
    """A mail server; a connection of its own for each letter, so that threads may share it."""

    def __init__(self, server: MailServer, context: ssl.SSLContext | None = None) -> None:
        self._server, self._context = server, context or ssl.create_default_context()

    def send(self, letter: Letter) -> str:
        """Hand the letter over to one e-mail address; returns its Message-ID."""
        if not _ADDRESS.fullmatch(letter.address):
            raise FINAL.error("not an e-mail address")
        message = self._message(letter)
        try:
            self._deliver(message, letter.address)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            failure = _failure(error)
        else:
            return message["Message-ID"]
        raise failure  # here, where the caught error with its addresses is no longer the context

    def _message(self, letter: Letter) -> EmailMessage:
        """Write the message; every value that comes from outside is one line, or the policy refuses it."""
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(addr_spec=self._server.sender)
        message["To"] = Address(addr_spec=letter.address)
        message["Subject"] = " ".join(letter.text.split())
        message["Date"] = letter.at
        message["Message-ID"] = f"<{_message_id(letter.client_message_id)}@{self._server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{letter.text}\n{letter.link}\n\n{FOOTER}\n")
        return message

    def _deliver(self, message: EmailMessage, address: str) -> None:
        server = self._server
        if server.security == "tls":
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=self._context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        try:
            if server.security == "starttls":
                connection.starttls(context=self._context)
            if server.username:
                connection.login(server.username, server.password)
            connection.send_message(message, server.sender, [address])
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()  # the letter is taken, however the server says goodbye
        finally:
            connection.close()


def _message_id(client_message_id: str) -> str:
    if _ID.fullmatch(client_message_id):
        return client_message_id
    return hashlib.sha256(client_message_id.encode()).hexdigest()


def _failure(error: Exception) -> NotSent:
    """Tell what the server's answer means; the answer itself often repeats the address and is left out."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
        return _meaning(code, refusal=FINAL).error(f"SMTP {code} to the recipient")
    if isinstance(error, smtplib.SMTPDataError):
        return _meaning(error.smtp_code, refusal=FINAL).error(f"SMTP {error.smtp_code} to the letter")
    if isinstance(error, smtplib.SMTPResponseException):
        return _meaning(error.smtp_code, refusal=RETRY).error(f"SMTP {error.smtp_code} to us")
    return NotSent(type(error).__name__)


def _meaning(code: int, *, refusal: Meaning) -> Meaning:
    """Tell what a code means; what refuses us rather than the letter is a matter of settings and can be mended.

    452 stands for a full server when said to us, but often for one full mailbox when said to a recipient: that one
    must not silence the channel for all.
    """
    if code == CLOSING or (code == FULL and refusal is RETRY):
        return PAUSE
    return refusal if code >= 500 else RETRY
