"""Only files that no case names are swept."""

from liaison.domain.actors import Role
from liaison.services import cases, sweeping
from liaison.services.attachments import attach
from liaison.services.photos import Kept


def test_a_file_that_a_case_names_is_never_swept(town, clock) -> None:
    case = cases.open_case(
        "matter",
        clock(),
        title="路灯",
        text="路灯不亮",
        region_id=town.regions.county.id,
        region_path=town.regions.county.path,
    )
    attach(
        case, Role.RESIDENT, [Kept("photos/aa/1.jpg", "thumbs/aa/1.jpg", "image/jpeg", 1, "0" * 64, "0" * 64)], clock()
    )
    found = sweeping.unknown_files(["photos/aa/1.jpg", "thumbs/aa/1.jpg", "photos/bb/2.jpg"])
    assert found == ["photos/bb/2.jpg"]
