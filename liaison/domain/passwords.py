"""What makes a password too easy to guess; the past ones are compared where their hashes are."""

import re

LONGEST = 128  # characters: more protects nobody and only keeps the hash busy
FEWEST_DIFFERENT = 4  # characters; "1111111111" and "ababababab" have fewer


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON = _words(
    "password password1 password12 password123 passw0rd p@ssw0rd p@ssword admin admin123 admin1234 admin12345"
    " administrator root root123 root1234 qwerty qwerty123 qwertyuiop qwert12345 asdfghjkl asdfghjkl1 zxcvbnm123"
    " 1qaz2wsx 1qaz2wsx3edc qazwsx qazwsxedc q1w2e3r4t5 1q2w3e4r5t a1b2c3d4e5 abc123 abc123456 abc1234567 abcd1234"
    " abcd123456 a123456 a123456789 aa123456 aa12345678 aa123456789 123456789a 123456abc 123456789abc woaini"
    " woaini520 woaini1314 woaini123 woaini5201314 5201314 5201314520 1314520 13145201314 7758521 77585217758521"
    " 147258369 1472583690 159357 1593572468 987654321 1122334455 112233445566 123123123 123123123123 123321123321"
    " 666666 6666668888 8888888888 888888 iloveyou iloveyou520 iloveyou1314 welcome123 welcome1234 changeme123"
    " letmein123 huawei123 huawei@123 zhongguo zhongguo123 zhonghua123 renda renda123 renda12345 rendaban rendaban123"
    " daibiao daibiao123 gongzuo123 wangluo123 dianhua123 mima mima123 mima1234 mima123456 nihao123 nihao123456"
    " wodemima wodemima123 beijing123 shanghai123 liaison liaison123 liaison1234"
)
"""What people take first, from public lists of leaked passwords and the habits of Chinese offices; in lower case."""

_RUNS = ("0123456789" * 2, "9876543210" * 2, "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_TAIL = re.compile(r"[\W_]+$")
_YEAR = re.compile(r"(19|20)\d\d$")


def faults(password: str, *, username: str, shortest: int) -> list[str]:
    """A Chinese sentence for each rule the password breaks; empty when it will do."""
    plain = password.casefold()
    broken = {
        f"密码至少要 {shortest} 位，这个只有 {len(password)} 位。": len(password) < shortest,
        f"密码不能超过 {LONGEST} 位。": len(password) > LONGEST,
        "密码里不能包含用户名。": bool(username) and username.casefold() in plain,
        "这个密码太常见，最先被人猜到，请换一个；几个不相干的词连起来，好记又难猜。": _is_common(plain),
        "密码里不同的字符太少，请不要反复使用同几个字符。": len(set(password)) < FEWEST_DIFFERENT,
    }
    return [sentence for sentence, breaks in broken.items() if breaks]


def _is_common(plain: str) -> bool:
    """Whether it is on the list or a straight run of keys, also with signs or a year put behind it."""
    bare = _TAIL.sub("", plain)
    without_year = _YEAR.sub("", bare)
    readings = {plain, bare, without_year, _TAIL.sub("", without_year)} - {""}
    return any(each in COMMON or _is_run(each) for each in readings)


def _is_run(text: str) -> bool:
    return any(text in run for run in _RUNS)
