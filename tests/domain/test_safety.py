"""What a check of content says: the most pressing hint wins, words are found whatever stands between their signs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.safety import CLEAN, Finding, Hint, Suggest, WordList, fold, read_words, worst

findings = st.builds(Finding, st.sampled_from(Suggest), st.sampled_from(Hint))
LIST = "# a remark\n\npolitics: 集体上访 ＳＯＳ  # another\n abuse :混账 甲:乙\n"


def test_the_most_pressing_finding_counts_and_none_is_clean():
    review, risky = Finding(Suggest.REVIEW, Hint.FRAUD), Finding(Suggest.RISKY, Hint.AD)
    assert worst([CLEAN, review, risky, review]) == risky and worst([review, CLEAN]) == review
    assert worst([]) == CLEAN and not CLEAN.is_flagged and review.is_flagged and risky.is_flagged


@given(findings)
def test_a_finding_reads_as_it_was_kept(found):
    again = Finding.read(found.suggest.value, found.hint.value)
    assert again == (found if found.is_flagged else CLEAN)


def test_words_of_a_platform_that_nobody_knows_are_other_and_nothing_is_clean():
    assert Finding.read("risky", "astrology") == Finding.read("risky", None) == Finding(Suggest.RISKY, Hint.OTHER)
    assert Finding.read(None, "ad") == Finding.read("", "ad") == CLEAN
    with pytest.raises(ValueError, match="maybe"):
        Finding.read("maybe", "ad")


@pytest.mark.parametrize("text", ["再不修就集体上访", "集 体-上、访！", "集\u200b体\n上访", "全 sos"])
def test_a_word_is_found_whatever_is_between_its_signs(text):
    assert read_words(LIST).check(text) == Finding(Suggest.REVIEW, Hint.POLITICS)


def test_the_first_word_of_the_list_says_what_it_hints_at():
    words = read_words(LIST)
    assert words.words == {"集体上访": Hint.POLITICS, "sos": Hint.POLITICS, "混账": Hint.ABUSE, "甲乙": Hint.ABUSE}
    assert words.check("混账，我们集体上访").hint == Hint.POLITICS and words.check("混账").hint == Hint.ABUSE
    assert words.check("集体去上访") == WordList({}).check("混账") == CLEAN


@pytest.mark.parametrize(("document", "line"), [("ad: 甲\nbad: 乙", 2), ("\n# ad\nad 甲", 3), (": 甲", 1)])
def test_a_wrong_line_of_the_list_is_named(document, line):
    with pytest.raises(ValueError, match=f"^line {line}: must be one of ad, politics, .*, a colon, and words$"):
        read_words(document)


def test_signs_alone_are_no_word():
    assert read_words("ad: ！！ --").words == {}


@given(st.text(max_size=20))
def test_folding_keeps_letters_and_digits_alone_and_twice_is_once(text):
    assert fold(fold(text)) == fold(text) and fold(f"{text} -、") == fold(text)
    assert fold("ＡＢc 第１号") == "abc第1号"
