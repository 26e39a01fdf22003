"""What the way to a mail server promises: one plain message, encrypted on the way, and what each answer means."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from liaison.clients.letters import Kind, NotSent
from liaison.clients.mail import MailOutlet, MailServer
from tests.support.outside import a_letter

ADDRESS, SENDER = "canary.zhang@county.example.cn", "lianluo@county.example.cn"


class Post:
    """Takes messages in, and answers as it is told at each step."""

    def __init__(self) -> None:
        self.mail = self.rcpt = self.data = ""
        self.hangs_up = False
        self.taken: list[tuple[Envelope, bool]] = []

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        envelope.mail_from = address
        return self.mail or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        if not self.rcpt:
            envelope.rcpt_tos.append(address)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.data:
            self.taken.append((envelope, server.transport.get_extra_info("ssl_object") is not None))
        return self.data or "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hangs_up:
            server.transport.abort()
        return "221 Bye"

    def message(self) -> EmailMessage:
        """The only message there is."""
        ((envelope, _),) = self.taken
        return message_from_bytes(envelope.content, policy=default)


class Door(Controller):
    """Takes any free port, and knocks at that one to see whether it is open."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("mail") / "identity.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def serve(identity: Path) -> Iterator[Callable[..., tuple[Post, int]]]:
    """`serve(**settings)`: a mail server on this machine; returns what it took and its port."""
    controllers: list[Door] = []

    def start(*, tls: bool = False, starttls: bool = True, **settings: Any) -> tuple[Post, int]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(identity)
        settings |= {"ssl_context": context} if tls else {"tls_context": context} if starttls else {}
        post = Post()
        controller = Door(post, hostname="127.0.0.1", port=0, **settings)
        controller.start()
        controllers.append(controller)
        return post, controller.port

    yield start
    for controller in controllers:
        controller.stop()


@pytest.fixture
def trusting(identity: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(identity))


def refusal(outlet: MailOutlet, address: str = ADDRESS, **changes: Any) -> NotSent:
    with pytest.raises(NotSent) as caught:
        outlet.send(a_letter(address, **changes))
    return caught.value


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_message_arrives_encrypted(serve: Callable, trusting: ssl.SSLContext, security: str) -> None:
    post, port = serve(tls=security == "tls")
    sent = MailOutlet(MailServer("127.0.0.1", port, SENDER, security), trusting).send(a_letter(ADDRESS))
    ((envelope, encrypted),) = post.taken
    assert (envelope.mail_from, envelope.rcpt_tos, encrypted) == (SENDER, [ADDRESS], True)
    message = post.message()
    assert message["Subject"] == "您有新的办理提醒，请打开查看"
    assert message["Message-ID"] == sent == "<ab12cd34@county.example.cn>"
    assert message["Date"].datetime == datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines()[:2] == [
        "您有新的办理提醒，请打开查看",
        "https://lianluo.example.gov.cn/n/7Q2",
    ]


def test_a_repeat_carries_the_same_id(serve: Callable) -> None:
    post, port = serve(starttls=False)
    outlet = MailOutlet(MailServer("127.0.0.1", port, SENDER, "none"))
    assert outlet.send(a_letter(ADDRESS)) == outlet.send(a_letter(ADDRESS))
    assert len(post.taken) == 2


def test_nothing_is_sent_to_a_server_that_does_not_encrypt_as_asked(serve: Callable, trusting: ssl.SSLContext) -> None:
    post, port = serve(starttls=False)
    assert refusal(MailOutlet(MailServer("127.0.0.1", port, SENDER), trusting)).kind is Kind.RETRY
    assert post.taken == []


def test_nothing_is_sent_to_a_stranger(serve: Callable) -> None:
    for security in ("starttls", "tls"):
        post, port = serve(tls=security == "tls")
        assert refusal(MailOutlet(MailServer("127.0.0.1", port, SENDER, security))).kind is Kind.RETRY
        assert post.taken == []


@pytest.mark.parametrize(("password", "taken"), [("right", True), ("wrong", False)])
def test_it_signs_in(serve: Callable, trusting: ssl.SSLContext, password: str, taken: bool) -> None:
    def authenticate(server: SMTP, session: Session, envelope: Envelope, way: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)

    post, port = serve(authenticator=authenticate, auth_required=True)
    outlet = MailOutlet(MailServer("127.0.0.1", port, SENDER, "starttls", "canary-user", password), trusting)
    if taken:
        outlet.send(a_letter(ADDRESS))
    else:
        error = refusal(outlet)
        assert (error.kind, error.reason) == (Kind.RETRY, "SMTP 535 to us")  # a setting, and settings can be mended
    assert bool(post.taken) is taken


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("rcpt", "550 5.1.1 no such user", Kind.FINAL),
        ("rcpt", "553 5.1.3 bad address", Kind.FINAL),
        ("rcpt", "450 4.2.1 greylisted", Kind.RETRY),
        ("rcpt", "452 4.2.2 mailbox full", Kind.RETRY),
        ("rcpt", "421 4.7.0 too many connections", Kind.QUOTA),
        ("data", "554 5.7.1 refused", Kind.FINAL),
        ("data", "451 4.3.0 try again", Kind.RETRY),
        ("data", "421 4.3.2 shutting down", Kind.QUOTA),
        ("mail", "550 5.7.1 sender not allowed", Kind.RETRY),
        ("mail", "452 4.3.1 no space left", Kind.QUOTA),
        ("mail", "421 4.3.2 shutting down", Kind.QUOTA),
    ],
)
def test_every_answer_has_its_meaning(serve: Callable, step: str, answer: str, kind: Kind) -> None:
    post, port = serve(starttls=False)
    setattr(post, step, answer)
    error = refusal(MailOutlet(MailServer("127.0.0.1", port, SENDER, "none")))
    assert error.kind is kind and answer[:3] in error.reason
    assert (error.pause is not None) == (kind is Kind.QUOTA)


def test_a_taken_message_stays_taken_when_the_server_hangs_up(serve: Callable) -> None:
    post, port = serve(starttls=False)
    post.hangs_up = True
    assert MailOutlet(MailServer("127.0.0.1", port, SENDER, "none")).send(a_letter(ADDRESS))


def test_a_closed_door_is_tried_again() -> None:
    assert refusal(MailOutlet(MailServer("127.0.0.1", 9, SENDER, "none"))).kind is Kind.RETRY


@pytest.mark.parametrize(
    "address",
    ["", "zhang", "a@b.cn\r\nBcc: c@d.cn", "a@b.cn\n", "a@b.cn,c@d.cn", "A <a@b.cn>", "a..b@c.cn", "张@b.cn", "a@b c"],
)
def test_what_is_no_single_address_is_final(serve: Callable, address: str) -> None:
    post, port = serve(starttls=False)
    assert refusal(MailOutlet(MailServer("127.0.0.1", port, SENDER, "none")), address).kind is Kind.FINAL
    assert post.taken == []


@pytest.mark.parametrize("evil", ["\r\nBcc: x@y.cn", "\nBcc: x@y.cn\n\nbody", "\u2028Bcc: x@y.cn", "\x00\rBcc: x"])
def test_no_value_becomes_a_header(serve: Callable, evil: str) -> None:
    post, port = serve(starttls=False)
    outlet = MailOutlet(MailServer("127.0.0.1", port, SENDER, "none"))
    sent = outlet.send(a_letter(ADDRESS, text=f"提醒{evil}", link=f"https://x{evil}", client_message_id=f"id{evil}"))
    message = post.message()
    assert message["Message-ID"] == sent and message["Subject"].startswith("提醒")
    assert message["Bcc"] is None and post.taken[0][0].rcpt_tos == [ADDRESS]
    assert message.get_content().startswith("提醒") and not message.defects
