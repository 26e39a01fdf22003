"""What hangs on a station's wall: its QR code and the A4 sheet around it; drawn in the press by `poster_drawing`."""

from dataclasses import asdict, dataclass, field, replace

from liaison.services.press import make


@dataclass(frozen=True)
class PosterStation:
    """The facts a poster prints; `url` is the signed address of the station's page.

    `mini_code` is the mini-program's code for the same station, a picture; None: the sheet has one code alone.
    """

    name: str
    kind_label: str
    code: str
    address: str
    opening: str
    url: str
    mini_code: bytes | None = field(default=None, repr=False)


def qr_png(url: str, *, logo: bool = True, size: int = 600) -> bytes:
    """Return the code as a square PNG of exactly `size` pixels, white margin included."""
    return make("qr_png", url=url, logo=logo, size=size)


def qr_svg(url: str) -> bytes:
    """Return the code with the emblem as an SVG of unit modules, for printers that want no pixels."""
    return make("qr_svg", url=url)


def poster_pdf(station: PosterStation) -> bytes:
    """Return the sheet as a one-page A4 PDF."""
    return make("poster_pdf", station.mini_code, station=asdict(replace(station, mini_code=None)))


def redrawn(sent: bytes, side: int) -> bytes:
    """A picture somebody sent drawn anew as a PNG; raises ValueError for what is none, or longer than `side`."""
    return make("redrawn", sent, side=side)
