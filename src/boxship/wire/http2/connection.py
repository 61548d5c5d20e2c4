"""A connection of either side: frames in, streams out, flow control both ways."""

import asyncio
from collections.abc import Callable

from hpack import Decoder, Encoder, HPACKError

from boxship.wire.http2 import frames
from boxship.wire.http2.frames import Code, Http2Error, Kind, Setting
from boxship.wire.http2.haste import PAUSE, Haste
from boxship.wire.http2.stream import Headers, Stream, StreamReset

# What may wait for a peer that does not read, beside the data that waits for it anyway.
_UNREAD = 4 << 20
# Data does not wait for the end of the turn when there is as much.
_GATHERED = 64 << 10
_STREAMS = 0x7FFFFFFF
_DATA = int(Kind.DATA)
# Messages of all streams together that have not come to their end.
_UNFINISHED = 64 << 20
# A larger frame would count as unread.
_LARGEST_FRAME = 1 << 20
_LARGEST_WINDOW = (1 << 31) - 1


class Http2Connection(asyncio.Protocol):
    """*accept* gets the streams that the peer opens; None on the client's side."""

    def __init__(self, accept: Callable[[Stream], None] | None = None) -> None:
        self._accept = accept
        self._transport: asyncio.Transport
        self._streams: dict[int, Stream] = {}
        self._buffer = bytearray()
        self._unsent = bytearray()
        self._preface = frames.PREFACE if accept else b""
        self._decoder = Decoder(max_header_list_size=frames.MAX_HEADERS)
        self._encoder = Encoder()
        self._block: tuple[int, int, bytearray] | None = None
        self._window = frames.DEFAULT_WINDOW
        self._received = 0
        self._room = frames.CONNECTION_WINDOW
        self._peer_window = frames.DEFAULT_WINDOW
        self._peer_frame = frames.MAX_FRAME
        self._next = 1
        self._last = 0
        self._open_for_writing = asyncio.Event()
        self._open_for_writing.set()
        self._window_open = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._haste = Haste()
        self.closed: asyncio.Future[None] = self._loop.create_future()

    def open(self, headers: Headers, end: bool = False) -> Stream:
        """A new stream. :class:`StreamReset` when the connection is gone."""
        if self.closed.done():
            raise StreamReset("the connection is closed")
        stream = Stream(self, self._next, self._peer_window)
        self._next += 2
        self._streams[stream.number] = stream
        self.send_headers(stream, headers, end)
        return stream

    def close(self, code: Code = Code.NO_ERROR) -> None:
        """Say goodbye; every stream fails."""
        if not self.closed.done() and not self._transport.is_closing():
            self._unsent += frames.goaway(self._last, code)
            self._transport.write(bytes(self._unsent))
            self._unsent.clear()
            self._transport.close()
        self._end("the connection is closed")

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # What the kernel does not take waits with us: in the transport each little piece would cost
        # time by the number of those before it, and a peer that floods us decides on that.
        transport.set_write_buffer_limits(high=0)
        values = {
            Setting.MAX_CONCURRENT_STREAMS: frames.MAX_STREAMS,
            Setting.INITIAL_WINDOW_SIZE: frames.STREAM_WINDOW,
            Setting.MAX_HEADER_LIST_SIZE: frames.MAX_HEADERS,
        }
        if self._accept is None:
            values = {Setting.ENABLE_PUSH: 0, Setting.INITIAL_WINDOW_SIZE: frames.STREAM_WINDOW}
            transport.write(frames.PREFACE)
        more = frames.CONNECTION_WINDOW - frames.DEFAULT_WINDOW
        transport.write(frames.settings(values) + frames.window_update(0, more))

    def data_received(self, data: bytes) -> None:
        if self._haste.should_wait(len(data), self._loop.time()):
            self._transport.pause_reading()
            self._loop.call_later(PAUSE, self._transport.resume_reading)
        try:
            self._receive(data)
        except Http2Error as error:
            self.close(error.code)
        except HPACKError:
            self.close(Code.COMPRESSION_ERROR)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection was lost")

    def pause_writing(self) -> None:
        self._open_for_writing.clear()

    def resume_writing(self) -> None:
        self._open_for_writing.set()
        self._flush()

    def _end(self, reason: str) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        for stream in self._streams.values():
            stream.fail(reason)
        self._streams.clear()
        self._open_for_writing.set()
        self._window_open.set()

    # frames

    def _receive(self, data: bytes) -> None:
        self._buffer += data
        buffer = self._buffer
        if self._preface:
            if not self._preface.startswith(buffer[: len(self._preface)]):
                raise Http2Error("no preface")
            if len(buffer) < len(self._preface):
                return
            del buffer[: len(self._preface)]
            self._preface = b""
        whole = bytes(buffer)
        del buffer[: self._take_frames(whole)]

    def _take_frames(self, whole: bytes) -> int:
        """Take the frames of *whole*; how far they go. Plain DATA of one stream, as there is by
        the ten thousand in front of a build, is taken together."""
        at, size, of = 0, len(whole), 0
        pieces: list[bytes] = []
        while size - at >= frames.HEAD:
            high, low, kind, flags, number = frames.read_head(whole, at)
            length = high << 8 | low
            if length > frames.MAX_FRAME:
                raise Http2Error("a frame is too long", Code.FRAME_SIZE_ERROR)
            start = at + frames.HEAD
            if size - start < length:
                break
            at = start + length
            is_plain = not flags and kind == _DATA
            if pieces and not (is_plain and number == of):
                self._frame(Kind.DATA, 0, of & _STREAMS, b"".join(pieces))
                pieces.clear()
            if is_plain:
                of = number
                pieces.append(whole[start:at])
            else:
                self._frame(kind, flags, number & _STREAMS, whole[start:at])
        if pieces:
            self._frame(Kind.DATA, 0, of & _STREAMS, b"".join(pieces))
        return at

    def _frame(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if self._block is not None and (kind != Kind.CONTINUATION or number != self._block[0]):
            raise Http2Error("a block of headers was interrupted")
        handler = _FRAMES.get(kind)
        if handler is not None:
            handler(self, flags, number, payload)

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        stream = self._streams.get(number)
        size = len(payload)
        self._room -= size
        if self._room < 0:
            raise Http2Error("more than the connection's window", Code.FLOW_CONTROL_ERROR)
        if stream is None or stream.ended:
            # Sent before the peer knew that the stream is gone.
            self._count(size)
            return
        stream.received -= size
        if stream.received < 0:
            raise Http2Error("more than the window", Code.FLOW_CONTROL_ERROR)
        content = frames.unpadded(payload, flags) if flags & frames.PADDED else payload
        if size > len(content):
            self.consumed(stream, size - len(content))
        stream.take_data(content, bool(flags & frames.END_STREAM))
        if stream.unfinished > frames.STREAM_WINDOW:
            self._check_unfinished()
        self._settle(stream)

    def _check_unfinished(self) -> None:
        if sum(stream.unfinished for stream in self._streams.values()) > _UNFINISHED:
            raise Http2Error("too many long messages", Code.ENHANCE_YOUR_CALM)

    def _on_headers(self, flags: int, number: int, payload: bytes) -> None:
        if not number:
            raise Http2Error("headers of no stream")
        block = frames.unpadded(payload, flags, priority=True)
        self._block = (number, flags, bytearray(block))
        if flags & frames.END_HEADERS:
            self._headers()

    def _on_continuation(self, flags: int, number: int, payload: bytes) -> None:
        if self._block is None:
            raise Http2Error("a continuation of nothing")
        self._block[2].extend(payload)
        if len(self._block[2]) > frames.MAX_HEADERS:
            raise Http2Error("too many headers", Code.ENHANCE_YOUR_CALM)
        if flags & frames.END_HEADERS:
            self._headers()

    def _headers(self) -> None:
        assert self._block is not None
        number, flags, block = self._block
        self._block = None
        headers = [
            (_text(name), _text(value)) for name, value in self._decoder.decode(bytes(block))
        ]
        end = bool(flags & frames.END_STREAM)
        stream = self._streams.get(number)
        if stream is not None:
            stream.take_headers(headers, end)
            self._settle(stream)
        elif self._accept is not None and number > self._last:
            if not number % 2:
                raise Http2Error("a stream of the wrong number")
            self._last = number
            if len(self._streams) >= frames.MAX_STREAMS:
                self._write(frames.reset(number, Code.REFUSED_STREAM))
                return
            stream = self._streams[number] = Stream(self, number, self._peer_window)
            stream.take_headers(headers, end)
            self._accept(stream)

    def _on_reset(self, flags: int, number: int, payload: bytes) -> None:
        code = frames.word(payload)
        stream = self._streams.pop(number, None)
        if stream is None:
            return
        if stream.ended and self._accept is None:
            # It has answered, and wants to hear no more.
            stream.local_ended = True
        else:
            stream.fail(f"the peer has cancelled ({code})")
        self._wake_senders()

    def _on_settings(self, flags: int, number: int, payload: bytes) -> None:
        if flags & frames.ACK:
            return
        # Only the last value of a setting has an effect that anybody sees.
        for key, value in dict(frames.read_settings(payload)).items():
            if key == Setting.INITIAL_WINDOW_SIZE:
                if value > _LARGEST_WINDOW:
                    raise Http2Error("a window too large", Code.FLOW_CONTROL_ERROR)
                for stream in self._streams.values():
                    stream.window += value - self._peer_window
                self._peer_window = value
            elif key == Setting.MAX_FRAME_SIZE:
                self._peer_frame = max(frames.MAX_FRAME, min(value, _LARGEST_FRAME))
            elif key == Setting.HEADER_TABLE_SIZE:
                self._encoder.header_table_size = min(value, 4096)
        self._write(frames.frame(Kind.SETTINGS, frames.ACK, 0))
        self._wake_senders()

    def _on_ping(self, flags: int, number: int, payload: bytes) -> None:
        if not flags & frames.ACK:
            self._write(frames.frame(Kind.PING, frames.ACK, 0, payload))

    def _on_goaway(self, flags: int, number: int, payload: bytes) -> None:
        if self._accept is None:
            last = int.from_bytes(payload[:4], "big")
            for stream in [s for n, s in self._streams.items() if n > last]:
                self._streams.pop(stream.number)
                stream.fail("the peer is leaving")

    def _on_window(self, flags: int, number: int, payload: bytes) -> None:
        increment = frames.word(payload) & 0x7FFFFFFF
        window = 0
        if not number:
            self._window = window = self._window + increment
        elif number in self._streams:
            stream = self._streams[number]
            stream.window = window = stream.window + increment
        if window > _LARGEST_WINDOW:
            raise Http2Error("a window too large", Code.FLOW_CONTROL_ERROR)
        self._wake_senders()

    def _write(self, data: bytes) -> None:
        """What one turn of the loop says goes out together. A peer whose own frames make us say
        something has to read it."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent += data
        if len(self._unsent) > _UNREAD:
            self._transport.abort()

    def _flush(self) -> None:
        is_open = self._open_for_writing.is_set() and not self._transport.is_closing()
        if self._unsent and is_open:
            data = bytes(self._unsent)
            self._unsent.clear()
            self._transport.write(data)

    async def _ready(self) -> None:
        """Until there is room for data."""
        while not self._open_for_writing.is_set():
            await self._open_for_writing.wait()

    def _wake_senders(self) -> None:
        event, self._window_open = self._window_open, asyncio.Event()
        event.set()

    def _settle(self, stream: Stream) -> None:
        if stream.ended and stream.local_ended:
            self._streams.pop(stream.number, None)

    # what streams call (Owner)

    def send_headers(self, stream: Stream, headers: Headers, end: bool) -> None:
        if stream.local_ended or self.closed.done():
            return
        # Huffman's code saves little, and takes time by the square of a value's length.
        block = self._encoder.encode(headers, huffman=False)
        self._write(frames.header_frames(stream.number, block, end=end))
        stream.local_ended = end
        self._settle(stream)

    async def send_data(self, stream: Stream, data: bytes, end: bool) -> None:
        at = 0
        while at < len(data) or (end and not stream.local_ended):
            await self._ready()
            if stream.local_ended:
                raise StreamReset(stream.failure or "the peer has ended the call early")
            room = min(self._window, stream.window, self._peer_frame)
            if room <= 0 and at < len(data):
                await self._window_open.wait()
                continue
            piece = data[at : at + max(room, 0)]
            at += len(piece)
            self._window -= len(piece)
            stream.window -= len(piece)
            last = end and at == len(data)
            flags = frames.END_STREAM if last else 0
            self._write(frames.frame(Kind.DATA, flags, stream.number, piece))
            if len(self._unsent) > _GATHERED:
                self._flush()
            stream.local_ended = last
        self._settle(stream)

    def send_reset(self, stream: Stream, code: Code) -> None:
        if self._streams.pop(stream.number, None) is not None and not self.closed.done():
            self._write(frames.reset(stream.number, code))
        stream.fail("cancelled")

    def forget(self, stream: Stream) -> None:
        self._streams.pop(stream.number, None)
        stream.fail("left")

    def consumed(self, stream: Stream, count: int) -> None:
        stream.taken += count
        is_open = not stream.ended and stream.number in self._streams and not self.closed.done()
        # A word about each little message would wake the peer as often as it has woken us.
        if is_open and stream.taken > frames.STREAM_WINDOW // 4:
            self._write(frames.window_update(stream.number, stream.taken))
            stream.received += stream.taken
            stream.taken = 0
        self._count(count)

    def _count(self, count: int) -> None:
        self._received += count
        if self._received > frames.CONNECTION_WINDOW // 4 and not self.closed.done():
            self._write(frames.window_update(0, self._received))
            self._room += self._received
            self._received = 0


_FRAMES: dict[int, Callable[[Http2Connection, int, int, bytes], None]] = {
    Kind.DATA: Http2Connection._on_data,
    Kind.HEADERS: Http2Connection._on_headers,
    Kind.RST_STREAM: Http2Connection._on_reset,
    Kind.SETTINGS: Http2Connection._on_settings,
    Kind.PING: Http2Connection._on_ping,
    Kind.GOAWAY: Http2Connection._on_goaway,
    Kind.WINDOW_UPDATE: Http2Connection._on_window,
    Kind.CONTINUATION: Http2Connection._on_continuation,
}


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
