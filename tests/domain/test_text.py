"""What people type: stored as they meant it, shown without what identifies them, found again by its words."""

import re
import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liaison.domain.errors import Invalid
from liaison.domain.text import bigrams, clean, count_graphemes, decoded, hide_known, mask_personal

any_text = st.text(st.characters(exclude_categories=[]), max_size=60)
gaps = st.sampled_from(["", "", "", " ", "-", "　", "－", "—", ".", "·", " - ", "\u200b", "(", "）"])
around = st.text(st.sampled_from("电话是我的，。：请联系张Aa\n"), max_size=6)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def spread(data: st.DataObject, digits: str) -> str:
    """Return digits as somebody might write them: with gaps, some full-width."""
    written = ["".join([d.translate(FULL_WIDTH) if data.draw(st.booleans()) else d]) for d in digits]
    return "".join(digit + data.draw(gaps) for digit in written[:-1]) + written[-1]


def narrow_digits(text: str) -> str:
    """Return only the digits of a text, narrow."""
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


@given(any_text)
def test_clean_text_holds_nothing_a_database_refuses_and_stays_as_it_is(text):
    try:
        tidy = clean(text, "text", 0, 100)
    except Invalid as refusal:
        assert list(refusal.errors) == ["text"]
        return
    assert tidy.encode() is not None and "\x00" not in tidy
    assert not any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in tidy)
    assert unicodedata.is_normalized("NFC", tidy)
    assert tidy == tidy.strip() and "\n\n\n\n\n" not in tidy
    assert clean(tidy, "text", 0, 100) == tidy


@given(any_text, st.sampled_from(["\x00", "\ud800", "\udfff"]), any_text)
def test_nul_and_half_pairs_are_always_refused_by_name(before, bad, after):
    with pytest.raises(Invalid) as caught:
        clean(before + bad + after, "text", 0, 10_000)
    assert list(caught.value.errors) == ["text"]


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60))
def test_nothing_visible_that_was_typed_is_lost(text):
    assert clean(text, "text", 0, 100) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  路灯坏了　", "路灯坏了"),
        ("一\r\n二\r三\u2028四", "一\n二\n三\n四"),
        ("一\n\n\n\n\n\n二", "一\n\n\n\n二"),
        ("一\n \n\t\n　\n \n二", "一\n\n\n\n二"),
        ("一  \n二", "一\n二"),
        ("响\x07铃\x1b", "响铃"),
        ("e\x01\u0301", "é"),
        ("甲\t乙", "甲\t乙"),
    ],
)
def test_invisible_litter_goes_and_words_stay(typed, kept):
    assert clean(typed, "text") == kept


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", 0),
        ("路灯", 2),
        ("e\u0301", 1),
        ("👨‍👩‍👧", 1),
        ("👍🏽", 1),
        ("❤️", 1),
        ("🇨🇳🇫🇷🇨", 3),
        ("\u200b\u200d", 0),
        ("\u0301", 1),
    ],
)
def test_characters_are_counted_as_people_see_them(text, seen):
    assert count_graphemes(text) == seen


@pytest.mark.parametrize("text", ["", "   ", "\u200b" * 20, "\x07"])
def test_an_empty_field_is_named(text):
    with pytest.raises(Invalid) as caught:
        clean(text, "question")
    assert caught.value.errors == {"question": ["请填写这一项。"]}


def test_limits_count_what_people_see():
    assert clean("👨‍👩‍👧" * 10, "text", 10, 10) == "👨‍👩‍👧" * 10
    with pytest.raises(Invalid):
        clean("九" * 9, "text", 10)
    with pytest.raises(Invalid):
        clean("多" * 11, "text", 1, 10)
    assert clean("", "text", 0) == ""


def test_a_pile_of_marks_on_one_letter_is_refused():
    with pytest.raises(Invalid):
        clean("a" + "\u0301" * 5000, "text", 1, 100)


@given(st.data(), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), around, around)
def test_every_mobile_number_is_hidden_however_it_is_written(data, mobile, before, after):
    prefix = data.draw(st.sampled_from(["", "0", "+86", "86-", "0086 "]))
    shown = mask_personal(f"{before}{prefix}{spread(data, mobile)}{after}")
    assert shown == f"{before}1**********{after}"


@given(st.from_regex(r"[0-9]{0,6}1[3-9][0-9]{9}[0-9]{0,6}", fullmatch=True))
def test_a_mobile_number_glued_to_other_digits_is_hidden(run):
    shown = mask_personal(run)
    assert not re.search("1[3-9][0-9]{9}", narrow_digits(shown)) and "*" in shown


@settings(max_examples=50)
@given(
    st.data(),
    st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.from_regex(r"[0-9]{3}", fullmatch=True),
    st.sampled_from("0123456789Xx"),
)
def test_every_identity_card_is_hidden_however_it_is_written(data, area, born, order, check):
    card = spread(data, f"{area}{born:%Y%m%d}{order}") + data.draw(gaps) + check
    assert mask_personal(f"身份证{card}，请查") == f"身份证{'*' * 18}，请查"


@given(st.from_regex(r"[1-9][0-9]{15,18}", fullmatch=True), st.sampled_from(["", " ", "-"]), st.booleans())
def test_every_bank_card_is_hidden(card, gap, wide):
    groups = gap.join(card[start : start + 4] for start in range(0, len(card), 4))
    shown = mask_personal(f"卡号{groups.translate(FULL_WIDTH) if wide else groups}开户")
    assert len(narrow_digits(shown)) <= 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("车牌鄂A12345挡道", "车牌鄂*****挡道"),
        ("沪Ａ·Ｄ１２３４５", "沪*****"),
        ("京a d12345", "京*****"),
        ("粤B1234挂", "粤*****挂"),
        ("写信到 zhang.san@example.com.cn 即可", "写信到 ***@*** 即可"),
        ("邮箱ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "邮箱***@***"),
        ("13800138000@139.com", "***@***"),
    ],
)
def test_plates_and_addresses_are_hidden(text, shown):
    assert mask_personal(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 至 2026-04-01 12:30 停水",
        "M2026-004217-6",
        "热线 12345，投诉 0717-6012345",
        "3 号楼 2 单元 1501 室，约 120 平方米",
        "邮编 443300，文号 〔2026〕15 号",
        "1、3、5 号路灯不亮；13 14 15 16 17 18 栋停电",
        "新装路灯 30 盏，鲁班路",
    ],
)
def test_what_names_nobody_stays_readable(text):
    assert mask_personal(text) == text


def test_search_words_are_pairs_of_characters_and_whole_words():
    assert bigrams("ＡＢＣ路灯坏了 K12号楼，树 路灯") == ["abc", "路灯", "灯坏", "坏了", "k12", "号楼", "树"]
    assert bigrams("，。 ") == []


@given(any_text)
def test_search_words_are_short_distinct_and_found_in_any_case(text):
    words = bigrams(text)
    assert len(words) == len(set(words)) and all(words)
    assert bigrams(text.upper().lower()) == bigrams(text.upper())


@given(st.text(st.sampled_from("路灯坏了修好"), min_size=2, max_size=12), st.data())
def test_a_part_of_a_text_has_only_search_words_of_the_whole(text, data):
    start = data.draw(st.integers(0, len(text) - 2))
    assert set(bigrams(text[start : start + 2])) <= set(bigrams(text))


@pytest.mark.parametrize(
    ("words", "hidden"),
    [
        ({"张建国"}, "请找***，他住北街8号，电话010-6552 7788。"),
        ({"张 建 国", "北街８号"}, "请找***，他住***，电话010-6552 7788。"),
        ({"01065527788"}, "请找张建国，他住北街8号，电话***。"),
        ({"张", "", "（）"}, "请找张建国，他住北街8号，电话010-6552 7788。"),
        ({"建国", "张建国"}, "请找***，他住北街8号，电话010-6552 7788。"),
        ({"街8号", "北街8号"}, "请找张建国，他住***，电话010-6552 7788。"),
        ({"北街."}, "请找张建国，他住***8号，电话010-6552 7788。"),
        ((), "请找张建国，他住北街8号，电话010-6552 7788。"),
    ],
)
def test_known_words_are_hidden_however_they_are_written(words, hidden):
    assert hide_known("请找张建国，他住北街8号，电话010-6552 7788。", words) == hidden


@pytest.mark.parametrize("written", ["张 建国", "张·建·国", "张--建国", "张\u200b建\u3000国"])
def test_a_name_is_hidden_with_gaps_between_its_signs(written):
    assert hide_known(f"找{written}。", ["张建国"]) == "找***。"


def test_a_table_is_read_as_utf8_or_as_excel_writes_it():
    for encoding in ("utf-8", "utf-8-sig", "gbk", "gb18030"):
        assert decoded("代号,名称\nzjj,住建局".encode(encoding), "file") == "代号,名称\nzjj,住建局"


@pytest.mark.parametrize("data", [b"\xff\xff", b"a\x00b", "代".encode("utf-16")])
def test_a_table_nobody_can_read_is_refused_for_its_field(data):
    with pytest.raises(Invalid) as caught:
        decoded(data, "file")
    assert list(caught.value.errors) == ["file"] and len(caught.value.errors["file"][0]) > 10


def test_every_number_of_a_text_is_hidden_and_what_is_between_stays() -> None:
    assert mask_personal("甲13812345678乙13912345678丙") == "甲1**********乙1**********丙"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u200bb", 2),  # a blank of no width joins nothing
        ("\u200da", 1),
        ("👨\u200d👩\u200d👧x", 2),
        ("a\u0301\u20ddb", 2),  # an accent, and a circle around
        ("กำ", 1 + 1),
        ("की", 1),
        ("👍🏽", 1),
        ("🇨🇳🇨🇳x", 3),
        ("", 0),
    ],
)
def test_what_a_person_sees_as_one_counts_as_one(text: str, seen: int) -> None:
    assert count_graphemes(text) == seen


def test_a_text_may_be_as_long_as_it_may_be_and_as_short() -> None:
    assert clean("三个字", "text", 3, 3) == "三个字" and clean(" ", "text", 0) == ""
    for text, least, most in (("三个字", 4, 9), ("三个字", 1, 2), ("", 1, 9)):
        with pytest.raises(Invalid):
            clean(text, "text", least, most)
    with pytest.raises(Invalid):
        clean("", "text")
    assert clean("a", "text") == "a" and clean("a" * 2000, "text") and clean("a" + "\u0301" * 30, "text", 1, 1)
    with pytest.raises(Invalid):
        clean("a" + "\u0348" * 32, "text", 1, 1)  # 65 bytes on one letter


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("路灯", ["路灯"]),
        ("路", ["路"]),
        ("路灯坏", ["路灯", "灯坏"]),
        ("路灯ABc12坏了", ["路灯", "abc12", "坏了"]),
        ("路灯，路灯 坏", ["路灯", "坏"]),
        ("ＡＢ Straße", ["ab", "strasse"]),
    ],
)
def test_wide_characters_are_sought_in_pairs_and_words_whole(text: str, found: list[str]) -> None:
    assert bigrams(text) == found
