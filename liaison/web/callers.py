"""Which address a request came from, as the limits count it."""

from ipaddress import IPv6Address, ip_address, ip_network

from flask import request

HOUSEHOLD = 64  # bits of an IPv6 address that name one line; the rest its owner may choose anew for every request


def caller() -> str:
    """The address of whoever asks, as far as the trusted proxies tell; for IPv6 the line it belongs to."""
    told = request.remote_addr or ""
    try:
        address = ip_address(told)
    except ValueError:
        return told
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, HOUSEHOLD), strict=False))
    return str(address)
