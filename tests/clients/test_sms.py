"""What the client of the SMS gateway promises: a signature the gateway takes, and what each of its codes means."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from liaison.clients.letters import Kind, NotSent
from liaison.clients.sms import CODES, SmsAccount, SmsOutlet, SmsTemplate, canonical, signed
from tests.support.outside import PHONE, Outside, a_letter

ACCOUNT = SmsAccount("sandbox-key", "sandbox-key-secret")
PLAIN = SmsTemplate("码上联", "SMS_PLAIN")
LINKED = SmsTemplate("码上联", "SMS_SANDBOX", "link", "https://lianluo.example.gov.cn/")


@pytest.fixture
def sms(outside: Outside, transport: httpx.HTTPTransport) -> SmsOutlet:
    return SmsOutlet(ACCOUNT, LINKED, base_url=outside.url, transport=transport)


def refusal(outlet: SmsOutlet, address: str = PHONE) -> NotSent:
    with pytest.raises(NotSent) as caught:
        outlet.send(a_letter(address))
    return caught.value


@pytest.mark.parametrize(
    ("at", "nonce", "signature"),
    [
        (
            datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
            "3156853299f313e23d1673dc12e1703d",
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
        ),
        (
            datetime(2023, 10, 26, 9, 1, 1, tzinfo=UTC),
            "d410180a5abf7fe235dd9b74aca91fc0",
            "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804",
        ),
    ],
)
def test_the_signature_is_the_documents(at: datetime, nonce: str, signature: str) -> None:
    account = SmsAccount("YourAccessKeyId", "YourAccessKeySecret")
    query = canonical({"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"})
    headers = signed(account, "ecs.cn-shanghai.aliyuncs.com", query, at, nonce, "RunInstances", "2014-05-26")
    assert headers["authorization"].endswith(f"Signature={signature}")


def test_a_text_arrives_under_our_id(outside: Outside, sms: SmsOutlet) -> None:
    assert sms.send(a_letter(PHONE, client_message_id="id +/=&~*'中文")) == "1^0"
    (message,) = outside.messages()
    assert (message["channel"], message["address"], message["ref"]) == ("sms", PHONE, "id +/=&~*'中文")
    assert message["link"] == "n/7Q2"


def test_a_template_without_a_variable_gets_none(outside: Outside, transport: httpx.HTTPTransport) -> None:
    SmsOutlet(ACCOUNT, PLAIN, base_url=outside.url, transport=transport).send(a_letter(PHONE))
    assert outside.messages()[0]["detail"] == "{}"


@pytest.mark.parametrize("address", ["", "13800138000,13900139000", "138 0013", "13800138000\r\n", "zhang@x.cn"])
def test_what_is_no_single_number_never_leaves_the_house(outside: Outside, sms: SmsOutlet, address: str) -> None:
    assert refusal(sms, address).kind is Kind.FINAL
    assert outside.calls("/") == 0


@pytest.mark.parametrize(
    ("template", "address", "reason"),
    [
        (PLAIN, "12345678901", "isv.MOBILE_NUMBER_ILLEGAL"),
        (SmsTemplate("码上联", "SMS_NONE"), PHONE, "isv.SMS_TEMPLATE_ILLEGAL"),
        (SmsTemplate("别家", "SMS_PLAIN"), PHONE, "isv.SMS_SIGNATURE_ILLEGAL"),
        (SmsTemplate("码上联", "SMS_SANDBOX"), PHONE, "isv.TEMPLATE_MISSING_PARAMETERS"),
        (SmsTemplate("码上联", "SMS_SANDBOX", "link"), PHONE, "isv.PARAM_NOT_SUPPORT_URL"),
    ],
)
def test_what_the_gateway_refuses_is_final(
    outside: Outside, transport: httpx.HTTPTransport, template: SmsTemplate, address: str, reason: str
) -> None:
    error = refusal(SmsOutlet(ACCOUNT, template, base_url=outside.url, transport=transport), address)
    assert (error.kind, error.reason) == (Kind.FINAL, reason)


def test_a_number_over_its_limit_does_not_stop_the_others(outside: Outside, sms: SmsOutlet) -> None:
    for number in range(50):
        sms.send(a_letter(PHONE, client_message_id=str(number)))
    error = refusal(sms)
    assert (error.kind, error.reason) == (Kind.FINAL, "isv.BUSINESS_LIMIT_CONTROL")
    assert sms.send(a_letter("13900139000"))


def test_an_unpaid_account_pauses_the_channel(outside: Outside, sms: SmsOutlet) -> None:
    outside.set("limits", sms_balance=False)
    error = refusal(sms)
    assert (error.kind, error.reason, error.pause) == (Kind.QUOTA, "isv.AMOUNT_NOT_ENOUGH", timedelta(minutes=30))


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (SmsAccount("nobody", "sandbox-key-secret"), "InvalidAccessKeyId.NotFound"),
        (SmsAccount("sandbox-key", "wrong"), "SignatureDoesNotMatch"),
    ],
)
def test_a_wrong_key_can_be_mended(
    outside: Outside, transport: httpx.HTTPTransport, account: SmsAccount, reason: str
) -> None:
    error = refusal(SmsOutlet(account, PLAIN, base_url=outside.url, transport=transport))
    assert (error.kind, error.reason) == (Kind.RETRY, reason)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        *[(200, code, meaning.kind) for code, meaning in CODES.items()],
        (200, "isv.DAY_LIMIT_CONTROL", Kind.QUOTA),
        (200, "isv.OUT_OF_SERVICE", Kind.QUOTA),
        (400, "Throttling.User", Kind.QUOTA),
        (503, "Throttling", Kind.QUOTA),
        (200, "isp.SYSTEM_ERROR", Kind.RETRY),
        (500, "InternalError", Kind.RETRY),
        (403, "isp.RAM_PERMISSION_DENY", Kind.RETRY),
        (200, "isv.SOMETHING_NEW", Kind.RETRY),
        (500, "OK", Kind.RETRY),
        (200, "", Kind.RETRY),
    ],
)
def test_every_code_means_what_the_table_says(
    outside: Outside, sms: SmsOutlet, status: int, code: str, kind: Kind
) -> None:
    outside.set("answers", path="/", body={"Code": code, "Message": "as the documents say"}, status=status)
    error = refusal(sms)
    assert error.kind is kind and (error.pause is not None) == (kind is Kind.QUOTA)


def test_an_outage_is_tried_again(outside: Outside, sms: SmsOutlet) -> None:
    for faults in ({"down": True}, {"errors": 1}, {"drop": 1}):
        outside.set("faults", **faults)
        assert refusal(sms).kind is Kind.RETRY
