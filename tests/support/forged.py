"""Frames and packets with senders that the one who sends them is not."""

import ipaddress
import socket
import struct

_ALL_NODES = ipaddress.IPv6Address("ff02::1")
_ALL_NODES_MAC = "33:33:00:00:00:01"
_ADVERTISEMENT, _ICMPV6 = 134, 58
_PREFIX, _ON_LINK_AND_AUTONOMOUS = 3, 0xC0


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def router_advertisement(mac: str, source: str, prefix: str) -> bytes:
    """A frame from *mac*, *source* that offers itself as default route, and addresses of *prefix*
    (RFC 4861, 4.2)."""
    net = ipaddress.IPv6Network(prefix)
    offer = struct.pack("!BBBBIII", _PREFIX, 4, 64, _ON_LINK_AND_AUTONOMOUS, 1800, 1800, 0)
    offer += net.network_address.packed
    rest = struct.pack("!BBHII", 64, 0, 1800, 0, 0) + offer
    own = ipaddress.IPv6Address(source).packed
    length = 4 + len(rest)
    pseudo = own + _ALL_NODES.packed + struct.pack("!II", length, _ICMPV6)
    total = _checksum(pseudo + struct.pack("!BBH", _ADVERTISEMENT, 0, 0) + rest)
    body = struct.pack("!BBH", _ADVERTISEMENT, 0, total) + rest
    header = struct.pack("!IHBB", 6 << 28, length, _ICMPV6, 255) + own + _ALL_NODES.packed
    return mac_bytes(_ALL_NODES_MAC) + mac_bytes(mac) + b"\x86\xdd" + header + body


def announcement(mac: str, address: str) -> bytes:
    """A frame that says to all that *mac* has *address* (RFC 826)."""
    own = mac_bytes(mac) + socket.inet_aton(address)
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + own + own
    return b"\xff" * 6 + mac_bytes(mac) + b"\x08\x06" + body


def send_frame(frame: bytes, interface: str = "eth0") -> None:
    """From the calling thread's network namespace."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((interface, 0))
        sender.send(frame)


def send_datagram(source: tuple[str, int], target: tuple[str, int], text: bytes) -> None:
    """UDP over IPv4 with any sender; it goes the way that routes say."""
    datagram = struct.pack("!HHHH", source[1], target[1], 8 + len(text), 0) + text
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0)
    head += socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
        sender.sendto(head + datagram, (target[0], 0))
