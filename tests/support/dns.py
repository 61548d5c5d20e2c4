"""DNS messages as a client has them, and a server of others; nothing here is the product's code."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

A, PTR, MX, AAAA, OPT = 1, 12, 15, 28, 41
RESOLVER = ("127.0.0.11", 53)
#: Seconds in which an answer is awaited; nothing is measured by it.
PATIENCE = 10.0
_TRIES = 5


def encode(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name: str, kind: int = A, number: int = 1, edns: int = 0) -> bytes:
    """A query with recursion desired; *edns*: the payload that its sender takes."""
    head = struct.pack(">6H", number, 0x0100, 1, 0, 0, 1 if edns else 0)
    extra = b"\0" + struct.pack(">HHIH", OPT, edns, 0, 0) if edns else b""
    return head + encode(name) + struct.pack(">HH", kind, 1) + extra


@dataclass(frozen=True)
class Answer:
    """*values*: data of the records of the kind asked for; *edns*: whether there is an OPT."""

    number: int
    code: int
    truncated: bool
    values: list[bytes]
    edns: bool

    @property
    def addresses(self) -> list[str]:
        families = {4: socket.AF_INET, 16: socket.AF_INET6}
        return [socket.inet_ntop(families[len(each)], each) for each in self.values]

    @property
    def names(self) -> list[str]:
        return [_labels(each) for each in self.values]


def _labels(data: bytes) -> str:
    labels = []
    while data[0]:
        labels.append(data[1 : 1 + data[0]].decode())
        data = data[1 + data[0] :]
    return ".".join(labels)


def _skip(data: bytes, offset: int) -> int:
    while data[offset] and data[offset] < 0xC0:
        offset += 1 + data[offset]
    return offset + (2 if data[offset] else 1)


def read(data: bytes) -> Answer:
    """Fails on a message that has not the form of an answer, or has anything after its end."""
    number, flags, questions, answers, authorities, additional = struct.unpack_from(">6H", data)
    assert flags & 0x8000 and questions < 2
    offset, kind = 12, 0
    if questions:
        offset = _skip(data, offset) + 4
        kind = struct.unpack_from(">H", data, offset - 4)[0]
    values, edns = [], False
    for _ in range(answers + authorities + additional):
        offset = _skip(data, offset)
        found, _, _, size = struct.unpack_from(">HHIH", data, offset)
        offset += 10 + size
        edns = edns or found == OPT
        if found == kind:
            values.append(data[offset - size : offset])
    assert offset == len(data)
    return Answer(number, flags & 0xF, bool(flags & 0x0200), values, edns)


def ask_udp(query: bytes, server: tuple[str, int] = RESOLVER, tries: int = _TRIES) -> Answer:
    """Asks again when nothing comes, as libraries do: packets may be lost.

    Who counts questions asks once: on a busy machine an answer comes after the second question.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE / tries)
        sock.connect(server)
        for _ in range(tries):
            sock.send(query)
            with contextlib.suppress(TimeoutError):
                return read(sock.recv(65535))
        raise TimeoutError(f"no answer from {server[0]}")


def ask_tcp(query: bytes, server: tuple[str, int] = RESOLVER) -> Answer:
    with socket.create_connection(server, PATIENCE) as sock:
        sock.sendall(struct.pack(">H", len(query)) + query)
        with sock.makefile("rb") as stream:
            return read(stream.read(struct.unpack(">H", stream.read(2))[0]))


@contextlib.contextmanager
def connected(directory: Path) -> Iterator[socket.socket]:
    """To the process that answers and listens below *directory*, as a daemon is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
        channel.connect(str(directory / "dns.sock"))
        yield channel


def resolver_pid(directory: Path) -> int:
    """Of the process that listens below *directory*; 0 when there is none."""
    try:
        with connected(directory) as channel:
            channel.send(b'J{"hello": 1}')
            return int(channel.recv(65536).partition(b'"pid": ')[2].partition(b",")[0])
    except (OSError, ValueError):
        return 0


@dataclass
class Server:
    """A server on UDP and TCP port 53 of *address*, in the network of the thread that makes it.

    *reply* gets a query and whether it came by TCP, and returns an answer or None for silence.
    """

    address: str
    reply: Callable[[bytes, bool], bytes | None]
    asked: list[tuple[str, bool]] = field(default_factory=list)

    @contextlib.contextmanager
    def serving(self) -> Iterator["Server"]:
        packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        packets.bind((self.address, 53))
        listener = socket.create_server((self.address, 53))
        threads = [
            threading.Thread(target=self._packets, args=(packets,), daemon=True),
            threading.Thread(target=self._streams, args=(listener,), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            for sock in (packets, listener):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(PATIENCE)
            packets.close()
            listener.close()

    def _answer(self, query: bytes, tcp: bool) -> bytes | None:
        self.asked.append((_labels(query[12:]), tcp))
        return self.reply(query, tcp)

    def _packets(self, packets: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while received := packets.recvfrom(65535):
                query, peer = received
                if not query:
                    return
                answer = self._answer(query, False)
                if answer is not None:
                    packets.sendto(answer, peer)

    def _streams(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as stream:
                    size = stream.read(2)
                    query = stream.read(struct.unpack(">H", size)[0]) if len(size) == 2 else b""
                    answer = self._answer(query, True) if query else None
                    if answer is not None:
                        connection.sendall(struct.pack(">H", len(answer)) + answer)


def answer(query: bytes, code: int = 0, values: tuple[bytes, ...] = (), flags: int = 0) -> bytes:
    """What a server says to *query*: *values* are addresses."""
    end = _skip(query, 12) + 4
    head = query[:2] + struct.pack(">5H", 0x8180 | flags | code, 1, len(values), 0, 0)
    rows = [b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, len(each)) + each for each in values]
    return head + query[12:end] + b"".join(rows)
