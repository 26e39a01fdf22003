"""Where a photo is covered: read as people type it, carried in an address and back, refused beyond the photo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.boxes import MOST_BOXES, Box, check_count, read_box, read_boxes, tell_boxes
from liaison.domain.errors import Invalid

tenths = st.integers(0, 1000).map(lambda n: n / 10)
boxes = st.tuples(tenths, tenths, tenths, tenths).filter(
    lambda b: b[2] >= 0.1 and b[3] >= 0.1 and b[0] + b[2] <= 100 and b[1] + b[3] <= 100
)


def refused(told: str) -> str:
    """The sentence a box is refused with."""
    with pytest.raises(Invalid) as refusal:
        read_box(told.split(","))
    [sentence] = refusal.value.errors["boxes"]
    return sentence


@given(st.lists(boxes, max_size=5))
def test_what_an_address_carries_is_what_was_told(drawn):
    told = tuple(Box(*box) for box in drawn)
    assert read_boxes(tell_boxes(told)) == told


def test_a_box_is_from_the_left_from_the_top_and_its_size():
    assert read_box([" 10", "20.5 ", "30", "15"]) == Box(10, 20.5, 30, 15)
    assert Box(10, 20, 30, 15).shares == (0.1, 0.2, 0.3, 0.15)
    assert tell_boxes([Box(10, 20.5, 30, 15), Box(0, 0, 100, 100)]) == "10,20.5,30,15;0,0,100,100"


def test_nothing_typed_is_no_box_and_parts_without_one_are_left_out():
    assert read_box(["", " ", "", ""]) is None and read_boxes("") == ()
    assert read_boxes(";1,2,3,4;;5,6,7,8;") == (Box(1, 2, 3, 4), Box(5, 6, 7, 8))


@pytest.mark.parametrize(
    "told",
    [
        "10,20,30", "10,20,30,15,5", "a,20,30,15", ",20,30,15", "nan,20,30,15", "10,20,inf,15",
        "-0.1,20,30,15", "10,-0.1,30,15", "10,20,0.09,15", "10,20,30,0.09", "80,20,20.6,15", "10,90,30,10.6",
    ],
)  # fmt: skip
def test_a_box_that_is_no_part_of_the_photo_is_refused(told):
    assert "0 到 100" in refused(told)


def test_edges_belong_to_the_photo_and_a_finger_may_slip_half_a_per_cent():
    assert read_box(["0", "0", "0.1", "0.1"]) == Box(0, 0, 0.1, 0.1)
    assert read_box(["80", "10", "20.5", "90.5"]) == Box(80, 10, 20, 90)


def test_a_photo_has_twenty_boxes_at_most():
    box = Box(1, 2, 3, 4)
    assert check_count([box] * MOST_BOXES) == (box,) * 20
    with pytest.raises(Invalid) as refusal:
        read_boxes(tell_boxes([box] * 21))
    assert refusal.value.errors == {"boxes": ["一张照片最多遮盖 20 处。"]}
