"""What in a text may tell who somebody is, to be covered before the public reads it. Pure, standard library only.

Numbers, plates and mail addresses are found wherever they stand (`text.MASKS`); names only where the text itself says
that one follows, or where a title comes after; homes only down to the room. Whoever publishes reads every word all the
same: what is found here is masked and shown, what is not found is theirs to see.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from liaison.domain.text import MASKS, hide_known, narrow

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁"
    "岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾"
    "尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛"
)
_INTRODUCED = re.compile(
    rf"(?:我叫|我是|本人叫?|名叫|姓名|联系人|户主|业主|当事人|投诉人|反映人|老板叫|孩子叫)[是为]?[:：\s]{{0,2}}"
    rf"(?P<name>[{_SURNAMES}][\u4e00-\u9fff]{{1,2}})(?=[\s,，。；;、！!（(：:\d]|电话|手机|住|家住|$)"
)
_ALSO_WORDS = "向于和时成单路车连谷阳万"  # "向老板要" is no name
_TITLED = re.compile(
    rf"(?P<name>(?![{_ALSO_WORDS}])[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}?)"
    r"(?=先生|女士|小姐|师傅|阿姨|大爷|大妈|大叔|奶奶|爷爷|婆婆|老师|医生|老板|经理)"
)
_NUMBER = r"[0-9A-Za-z〇零一二三四五六七八九十]{1,4}"
_HOME = re.compile(
    rf"(?:{_NUMBER}(?:号楼|栋|幢|座|号院|号)\s?)?(?:{_NUMBER}单元\s?)?(?:{_NUMBER}[楼层]\s?)?\d{{2,5}}(?:室|房(?!子|屋|产|价|东|租|地|管)|户(?!外|口))"
    rf"|(?:{_NUMBER}(?:号楼|栋|幢|座)\s?)?{_NUMBER}单元(?:\s?{_NUMBER}[楼层])?(?:\s?\d{{2,5}})?"
    rf"|{_NUMBER}(?:号楼|栋|幢|座)\s?\d{{3,5}}(?!\d)"
    r"|(?<![\d-])\d{1,3}-\d{1,2}-\d{2,4}(?![\d-])"
)
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[ -]?\d{7,8}(?!\d)")
_FINDERS = (
    *((kind, pattern, mask) for kind, pattern, mask in MASKS),
    ("phone", _LANDLINE, "****"),
    ("name", _INTRODUCED, "某某"),
    ("name", _TITLED, "某"),
    ("home", _HOME, "***"),
)
KINDS = tuple(dict.fromkeys(kind for kind, *_ in _FINDERS))


@dataclass(frozen=True)
class Mark:
    """A place in a text: from where to where, what kind of thing it is, and what may stand there instead."""

    start: int
    end: int
    kind: str
    mask: str


def find_personal(text: str) -> list[Mark]:
    """Return what may tell who somebody is, in the order of the text; no two overlap."""
    found: list[Mark] = []
    for mark in _marks(narrow(text)):
        if all(mark.end <= other.start or other.end <= mark.start for other in found):
            found.append(mark)
    return sorted(found, key=lambda mark: mark.start)


def redact(text: str) -> str:
    """Return the text with all that is found replaced; of what it returns, nothing more is found."""
    while found := find_personal(text):
        text = "".join(_replaced(text, found))
    return text


def marked(text: str) -> list[tuple[str, str]]:
    """Return the text cut into pieces, each with the kind of thing it is or nothing; joined they are the text."""
    pieces, end = [], 0
    for mark in find_personal(text):
        pieces += [(text[end : mark.start], ""), (text[mark.start : mark.end], mark.kind)]
        end = mark.end
    return [piece for piece in [*pieces, (text[end:], "")] if piece[0]]


def tells_of(text: str, words: Iterable[str]) -> bool:
    """Whether one of these names or numbers stands in the text, also with spaces or dashes within."""
    return hide_known(text, words) != text


def _marks(text: str) -> Iterator[Mark]:
    for kind, pattern, mask in _FINDERS:
        for match in pattern.finditer(text):
            group = "name" if "name" in pattern.groupindex else 0
            yield Mark(match.start(group), match.end(group), kind, match.expand(mask))


def _replaced(text: str, found: Iterable[Mark]) -> Iterator[str]:
    end = 0
    for mark in found:
        yield text[end : mark.start]
        yield mark.mask
        end = mark.end
    yield text[end:]
