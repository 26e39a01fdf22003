"""What people type, made safe to store, show and search; standard library only.

Databases and JSON readers stumble over NUL and lone surrogates, so they are refused by name of the field.
Everything else a person typed is kept, apart from invisible control characters and needless blank lines.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby, pairwise

from liaison.domain.errors import Invalid

MAX_BLANK_LINES = 3
MAX_BYTES_PER_GRAPHEME = 64
HIDDEN = "***"

_ZERO_WIDTH_JOINER = "\u200d"
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_LINE_ENDS = str.maketrans({"\r": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})

# Personal data is sought in a copy of the text that is as long but narrow: full-width characters as ASCII,
# every dash, dot and invisible character that may stand between digits as "-".
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys(
    map(ord, "‐‑‒–—―−－﹣·•・＿～~_/()（）\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"), "-"
)
_NARROW |= dict.fromkeys(map(ord, "\t\u00a0\u2002\u2003\u2009\u202f\u3000"), " ")
_GAP = r"[ .-]{0,3}"
_EMAIL = re.compile(r"[A-Za-z0-9.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}")
_IDENTITY = re.compile(
    rf"(?<!\d)[1-9](?:{_GAP}\d){{5}}{_GAP}(?:1{_GAP}9|2{_GAP}0)(?:{_GAP}\d){{2}}"
    rf"{_GAP}(?:0{_GAP}[1-9]|1{_GAP}[0-2]){_GAP}(?:[0-2]{_GAP}\d|3{_GAP}[01])(?:{_GAP}\d){{3}}{_GAP}[\dXx](?!\d)"
)
_BANK_CARD = re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)")
_LONG_RUN = re.compile(r"\d{15,}[Xx]?")
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)?86{_GAP}|0)?1{_GAP}[3-9](?:{_GAP}\d){{9}}(?!\d)|1[3-9]\d{{9}}")
_PLATE = re.compile(
    r"([京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼])"
    r"[A-Za-z][ -]?(?=[A-Za-z]*\d)[A-Za-z0-9]{4,6}(?![A-Za-z0-9])"
)
MASKS = (
    ("email", _EMAIL, "***@***"),
    ("identity", _IDENTITY, "*" * 18),
    ("card", _BANK_CARD, "*" * 16),
    ("card", _LONG_RUN, "*" * 16),
    ("phone", _MOBILE, "1**********"),
    ("plate", _PLATE, r"\1*****"),
)
"""What is personal wherever it stands: the kind, how it is found in a `narrow` copy, and what stands in its place."""


def clean(text: str, field: str, min_len: int = 1, max_len: int = 2000) -> str:
    """Return `text` as it is stored; raises Invalid naming `field` for what is unfit or of a wrong size.

    NFC, line ends as newline, no control characters but newline and tab, at most three blank lines in a row,
    no space at either end. `min_len` and `max_len` count what people see as characters.
    """
    _refuse_unstorable(text, field)
    tidy = _squeeze_blank_lines(unicodedata.normalize("NFC", _drop_controls(text)))
    length = count_graphemes(tidy)
    if length == 0 and min_len > 0:
        raise Invalid({field: ["请填写这一项。"]})
    if length < min_len:
        raise Invalid({field: [f"至少需要 {min_len} 个字，现在只有 {length} 个字，请再说明一些。"]})
    if length > max_len:
        raise Invalid({field: [f"最多 {max_len} 个字，现在有 {length} 个字，请精简后再提交。"]})
    if len(tidy.encode()) > max_len * MAX_BYTES_PER_GRAPHEME:
        raise Invalid({field: ["叠加的符号太多，无法保存，请改用普通文字。"]})
    return tidy


def decoded(data: bytes, field: str) -> str:
    """Return the text of an uploaded table; Excel on Chinese machines writes GBK. Raises Invalid for `field`."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        _refuse_unstorable(text, field)
        return text
    raise Invalid({field: ["文件读不出来，请另存为 CSV（UTF-8）后再上传。"]})


def count_graphemes(text: str) -> int:
    """Return how many characters a person sees, approximately.

    Marks, variation selectors, skin tones and whatever follows a zero-width joiner count with the character
    before them; two regional letters make one flag; invisible characters count nothing.
    """
    count, joined, flag_open = 0, False, False
    for char in text:
        is_flag = ord(char) in _FLAG_LETTERS
        if unicodedata.category(char) == "Cf":
            joined = char == _ZERO_WIDTH_JOINER and count > 0
            continue
        if not (joined or (is_flag and flag_open) or (count and _extends(char))):
            count += 1
        flag_open = is_flag and not flag_open
        joined = False
    return count


def mask_personal(text: str) -> str:
    """Return `text` with mobile numbers, identity cards, bank cards, plates and e-mail addresses hidden.

    Finds them with full-width digits and with spaces, dashes or dots in between as well.
    Meant for what departments and the public read; what is stored stays whole.
    """
    for _, pattern, mask in MASKS:
        text = _mask(text, pattern, mask)
    return text


def narrow(text: str) -> str:
    """Return a copy as long as the text in which `MASKS` are sought: full-width characters as ASCII, dashes as one."""
    return text.translate(_NARROW)


def hide_known(text: str, words: Iterable[str]) -> str:
    """Return `text` with these names, numbers and places hidden wherever they stand, also with spaces or dashes within.

    A word of one character is left, since it would take half of the text with it.
    """
    for word in sorted({_bare(word) for word in words}, key=len, reverse=True):
        if len(word) > 1:
            text = _mask(text, re.compile(_GAP.join(map(re.escape, word))), HIDDEN)
    return text


def bigrams(text: str) -> list[str]:
    """Return what a search compares: neighbouring pairs of wide characters and whole lower-case words.

    Each once, in order of appearance. A wide character that stands alone is kept alone.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: dict[str, None] = {}
    for kind, run in groupby(folded, key=_script):
        chars = "".join(run)
        if kind == "wide" and len(chars) > 1:
            found.update(dict.fromkeys(left + right for left, right in pairwise(chars)))
        elif kind:
            found[chars] = None
    return list(found)


def _bare(word: str) -> str:
    """Return a word as it is sought: narrow, without what may stand between its characters."""
    return re.sub("[ .-]", "", word.translate(_NARROW))


def _extends(char: str) -> bool:
    """Tell whether a character only adds to the one before it."""
    return unicodedata.category(char) in ("Mn", "Me", "Mc") or ord(char) in _SKIN_TONES


def _refuse_unstorable(text: str, field: str) -> None:
    """Raise Invalid when the text holds NUL or half of a surrogate pair."""
    if "\x00" in text:
        raise Invalid({field: ["内容里含有无法保存的空字符，请删除后重新输入。"]})
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid({field: ["内容里含有不完整的字符（可能是损坏的表情），请删除后重新输入。"]})


def _drop_controls(text: str) -> str:
    """Return the text without control characters, any kind of line end as a newline."""
    lines = text.replace("\r\n", "\n").translate(_LINE_ENDS)
    return "".join(char for char in lines if char in "\n\t" or unicodedata.category(char) != "Cc")


def _squeeze_blank_lines(text: str) -> str:
    """Return the text with spaces at line ends gone and no more than three blank lines in a row."""
    kept: list[str] = []
    blanks = 0
    for line in text.strip().split("\n"):
        blanks = 0 if line.strip() else blanks + 1
        if blanks <= MAX_BLANK_LINES:
            kept.append(line.rstrip())
    return "\n".join(kept)


def _script(char: str) -> str:
    """Return "wide" for Chinese and its like, "word" for other letters and digits, "" for the rest."""
    if not char.isalnum():
        return ""
    return "wide" if unicodedata.east_asian_width(char) in "WF" else "word"


def _mask(text: str, pattern: re.Pattern[str], mask: str) -> str:
    """Return the text with `mask` wherever the pattern matches its narrow copy."""
    parts, end = [], 0
    for match in pattern.finditer(narrow(text)):
        parts += [text[end : match.start()], match.expand(mask)]
        end = match.end()
    return "".join([*parts, text[end:]])
