"""What an address looks like, for each channel; what is kept, what is refused in words, what is shown of it."""

import pytest

from liaison.domain.addresses import check_address, find_mobile, masked
from liaison.domain.errors import Invalid
from liaison.services.channels import ADDRESSED

OPENID = "oABCdefGHIjklMNOpqrSTUvwxYZ1"
KEPT = {
    "sms": [("13800138000", "13800138000"), ("+86 138-0013-8000", "13800138000"), ("0086 13800138000", "13800138000")],
    "email": [(" li.min@rd.example.gov.cn ", "li.min@rd.example.gov.cn")],
    "wecom": [("LiMin", "LiMin"), ("li.min@rd", "li.min@rd"), ("13800138000", "13800138000")],
    "wechat_template": [(OPENID, OPENID)],
    "wechat_subscribe": [(f" {OPENID}\n", OPENID)],
}
REFUSED = {
    "sms": ["", "1380013800", "138001380001", "0511-87654321", "+852 5123 4567", "１３８００１３８０００"],
    "email": ["", "li", "li@rd", "李敏@rd.cn", "a@b.cn, c@d.cn", "a@b.cn\nBcc: c@d.cn", f"{'a' * 250}@b.cn"],
    "wecom": ["", "@all", "LiMin|WangWei", "李敏", "a" * 65, "a b"],
    "wechat_template": ["", "limin", OPENID * 2, f"{OPENID},{OPENID}"],
    "wechat_subscribe": ["", "o" * 19],
}


def test_every_channel_with_addresses_says_what_one_looks_like() -> None:
    assert set(KEPT) == set(REFUSED) == set(ADDRESSED)


@pytest.mark.parametrize(("channel", "typed", "kept"), [(name, *pair) for name in KEPT for pair in KEPT[name]])
def test_an_address_is_kept_tidy(channel: str, typed: str, kept: str) -> None:
    assert check_address(channel, typed) == kept


@pytest.mark.parametrize(("channel", "typed"), [(name, typed) for name in REFUSED for typed in REFUSED[name]])
def test_what_is_no_address_is_refused_in_words(channel: str, typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_address(channel, typed)
    [sentence] = caught.value.errors["address"]
    assert sentence.startswith("请填写") and (not typed or typed not in sentence)


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("sms", "13800138000", "138****8000"),
        ("email", "li.min@rd.example.cn", "l****@rd.example.cn"),
        ("wecom", "WangXiaoMing", "Wa****ng"),
        ("wecom", "LiMin", "L****"),
        ("wechat_template", OPENID, "oA****Z1"),
    ],
)
def test_the_middle_of_an_address_is_hidden(channel: str, address: str, shown: str) -> None:
    assert masked(channel, address) == shown


@pytest.mark.parametrize(
    ("phone", "mobile"), [("138 0013 8000", "13800138000"), ("0511-87654321", None), ("", None), ("110", None)]
)
def test_only_a_mobile_number_gets_text_messages(phone: str, mobile: str | None) -> None:
    assert find_mobile(phone) == mobile


@pytest.mark.parametrize(("address", "shown"), [("abcdef", "a****"), ("abcdefg", "ab****fg"), ("a", "a****")])
def test_of_a_short_account_less_is_shown(address: str, shown: str) -> None:
    assert masked("wecom", address) == shown


def test_the_longest_mail_address_is_kept() -> None:
    longest = f"{'a' * 245}@b.com.cn"
    assert len(longest) == 254 and check_address("email", longest) == longest
    with pytest.raises(Invalid):
        check_address("email", f"a{longest}")
