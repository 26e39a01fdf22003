"""Where our calls may go, whatever a name resolves to: out into the world, and inside only where the settings say so.

Nobody but the operator names an address we call; what is held off here is a name of the outside that answers with an
address of our own network, or changes to one (rebinding), and a machine's metadata service. An address written as
numbers, or `localhost`, in the settings is the operator's own word. No redirect is followed (`calls`).
"""

import contextlib
import socket
from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Iterable[str]]
SCHEMES = {"http": 80, "https": 443}
OWN = "localhost"


class ForbiddenAddress(httpx.ConnectError):
    """A call would go where the settings do not allow it to go."""


def resolve(host: str, port: int) -> list[str]:
    """Look a name up as connecting to it would."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def permitted(host: str, found: Iterable[str], inside: Collection[str]) -> list[str]:
    """The addresses found for a host, when every one may be called: `inside` names hosts of our own network.

    Raises ForbiddenAddress.
    """
    addresses = [_address(each) for each in found]
    is_told = host == OWN or host in inside or _is_number(host)
    if not addresses or not all(_is_usable(each) and (is_told or each.is_global) for each in addresses):
        raise ForbiddenAddress(f"{len(addresses)} addresses")
    return [str(each) for each in addresses]


class Guard(httpx.BaseTransport):
    """Connects to the very addresses that were checked, so that the name cannot answer otherwise a moment later."""

    def __init__(self, inner: httpx.BaseTransport, inside: Collection[str], resolve: Resolve = resolve) -> None:
        self._inner, self._inside, self._resolve = inner, inside, resolve

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of its host's addresses that takes the connection."""
        host, scheme = request.url.host, request.url.scheme
        if scheme not in SCHEMES:
            raise httpx.UnsupportedProtocol("only http and https")
        try:
            found = self._resolve(host, request.url.port or SCHEMES[scheme])
        except OSError:
            raise httpx.ConnectError("the name is unknown") from None
        request.extensions = {**request.extensions, "sni_hostname": host}  # the certificate must be the name's
        *others, last = permitted(host, found, self._inside)
        for address in others:
            with contextlib.suppress(httpx.ConnectError):
                return self._send(request, address)
        return self._send(request, last)

    def _send(self, request: httpx.Request, address: str) -> httpx.Response:
        if request.url.host != address:
            request.url = request.url.copy_with(host=address)
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def _address(told: str) -> Address:
    address = ip_address(told.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def _is_usable(address: Address) -> bool:
    """Whether it is some one machine's; link-local is where clouds keep a machine's own secrets."""
    if address.is_loopback:
        return True
    return not (address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
