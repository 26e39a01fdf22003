"""What the page assets promise: only the named files are served, and a missing one is noticed."""

from pathlib import Path

import pytest

from liaison.assets import SERVED, WEUI, WEUI_PARTS, copy


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    for name in (*SERVED, *WEUI_PARTS, "swagger-ui-dist/package.json"):
        file = tmp_path / "node_modules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path / "node_modules"


def test_only_named_files_are_copied_under_their_own_names(modules: Path, tmp_path: Path) -> None:
    copy(modules, tmp_path / "vendor")
    names = [*(Path(name).name for name in SERVED), WEUI]
    assert sorted(file.name for file in (tmp_path / "vendor").iterdir()) == sorted(names)
    assert len(set(names)) == len(names)
    assert (tmp_path / "vendor" / WEUI).read_text() == "\n".join(WEUI_PARTS)


def test_a_file_npm_left_out_is_an_error(modules: Path, tmp_path: Path) -> None:
    (modules / SERVED[0]).unlink()
    with pytest.raises(FileNotFoundError):
        copy(modules, tmp_path / "vendor")
