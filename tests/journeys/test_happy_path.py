"""From a scanned code to a satisfied resident: every step as each of the people involved is shown it."""

from tests.support.journey import KEPT_JSON, Journey, Matter, done
from tests.support.pictures import CAMERA, photo

NAME, PHONE, PLACE = "金丝雀", "13912345678", "北街 7 号楼下"
OFFICE = {"office", "office_lead"}
TEXT = f"北街的路灯坏了三盏，晚上老人出门看不见路，电话{PHONE}，请尽快修好。"


def test_a_broken_lamp_is_told_mended_and_praised(journey: Journey) -> None:
    matter = journey.tells(
        TEXT, photos=[photo()], contact={"name": NAME, "phone": PHONE}, place={"name": PLACE}, category="roads"
    )
    given = matter.given
    print(given)
    seen = matter.stands("submitted", "office", due="2026-03-03")
    print(seen)
    journey.office("accept", matter)
    print(matter.seen, matter.told("submit"), matter.told("accept"))
