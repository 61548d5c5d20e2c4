"""The spawner: a small single-threaded process that forks shims and workers for the daemon.

It is executed as ``python -m boxship.sandbox.spawner FD DIRECTORY``: FD is its end of a SEQPACKET
socket pair, DIRECTORY holds an empty directory for overlay mounts. It ends when the daemon's end
closes; shims live on.
"""

import gc
import os
import signal
import socket
import sys
import traceback
from typing import Any

from boxship.kernel import process
from boxship.kernel.libc import give_back_memory
from boxship.sandbox import holes, messages, seal, setup, shim, template, worker
from boxship.sandbox.dns import process as dns
from boxship.sandbox.forked import become_child, cut_imports, forget_inherited_signals
from boxship.sandbox.layers import lone_directory
from boxship.sandbox.proxy import process as proxy
from boxship.sandbox.rehearsal import rehearse
from boxship.sandbox.stacks import Stacks, make_stacks
from boxship.sandbox.template import Ready

# Names one of stacks.NAMES: for tests, and for kernels that promise more than they keep.
_STACKS = "BOXSHIP_STACKS"


class Spawner:
    def __init__(self, channel: socket.socket, stacks: Stacks) -> None:
        self._channel = channel
        self._stacks = stacks
        self._ready = Ready()
        self._ops = {
            "worker": self._worker,
            "dns": self._dns,
            "proxy": self._proxy,
            "forget": self._forget,
        }

    def serve(self) -> None:
        """Answer requests until the daemon's end closes.

        Little happens here and all else in the children: a page that is written in this process
        stays behind, unshared, in each shim that was forked before.
        """
        while (packet := self._next()) is not None:
            fds = packet[1][len(messages.holding(packet)) :]
            try:
                message, _ = messages.unpack(packet)
                if message["op"] == "shim":
                    self._shim(message, fds, packet)
                else:
                    self._ops[message["op"]](message, fds)
            except OSError as error:
                self._refuse(fds, error)
            finally:
                for fd in packet[1]:
                    os.close(fd)

    def _next(self) -> messages.Packet | None:
        while True:
            try:
                return messages.receive_packet(self._channel)
            except messages.TooLong:
                continue

    def _refuse(self, fds: list[int], error: OSError) -> None:
        """Tell the one who waits on the first descriptor that nothing was started."""
        if not fds:
            return
        reply = socket.socket(fileno=os.dup(fds[0]))
        text = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
        try:
            failure = {"stage": "spawner", "errno": error.errno, "message": text}
            messages.send(reply, {"event": "failed", "error": failure})
        except OSError:
            pass
        finally:
            reply.close()

    def _shim(self, message: dict[str, Any], fds: list[int], packet: messages.Packet) -> None:
        self._load(message)
        spec = message["shim"]
        if spec.get("user_namespace"):
            # Only there its roots can be made.
            self._fork_with_layers(packet[1], shim.main, message, fds, packet, [], self._stacks)
            return
        roots = [self._stacks.mount(each) for each in setup.trees_of(message)]
        try:
            if not (shim.can_wait_for(spec) and self._ready.hand_over(spec, packet, fds, roots)):
                keep = [*packet[1], *roots]
                self._fork(keep, shim.main, message, fds, packet, roots, self._stacks)
        finally:
            for root in roots:
                os.close(root)
        self._get_ready()

    def _worker(self, message: dict[str, Any], fds: list[int]) -> None:
        self._load(message)
        self._fork_with_layers(fds, worker.main, message, fds, self._stacks)

    def _dns(self, message: dict[str, Any], fds: list[int]) -> None:
        self._fork(fds, dns.main, fds)

    def _proxy(self, message: dict[str, Any], fds: list[int]) -> None:
        self._fork(fds, proxy.main, fds)

    def _forget(self, message: dict[str, Any], fds: list[int]) -> None:
        self._stacks.forget(message["layers"])

    def _load(self, message: dict[str, Any]) -> None:
        sources = [each for each in message.get("sources", ()) if lone_directory(each) is None]
        for rootfs in (*setup.trees_of(message), *sources):
            if rootfs:
                self._stacks.load(rootfs)

    def _get_ready(self) -> None:
        """A shim waits."""
        if not self._ready.has_template:
            ends = self._ready.found()
            self._fork([*ends], template.main, *ends)
            for fd in ends:
                os.close(fd)
        self._ready.prepare()

    def _fork_with_layers(self, keep: list[int], main: Any, *arguments: Any) -> None:
        self._fork([*keep, *self._stacks.descriptors()], main, *arguments)

    def _fork(self, keep: list[int], main: Any, *arguments: Any) -> None:
        if os.fork():
            return
        try:
            become_child({*keep})
            main(*arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)


def main(argv: list[str]) -> None:
    empty = argv[2]
    if not seal.is_sealed():
        seal.reexec(empty)
    # Inherited by all forked code: no process of a container may look into it.
    process.set_dumpable(False)
    forget_inherited_signals()
    os.umask(0o022)
    # Text codecs that would otherwise be imported on their first use, after a fork.
    "x".encode("idna"), b"x".decode("latin-1"), "x".encode("ascii")
    rehearse(sys.modules[__name__], empty)
    # After the rehearsal, which sets all this as a shim does. SIG_IGN makes the kernel reap shims
    # and workers; nobody here waits for them.
    process.set_name("boxship-spawner")
    signal.set_wakeup_fd(-1)
    for ignored in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    cut_imports()
    gc.collect()
    give_back_memory()
    _filling = holes.fill()
    gc.freeze()
    gc.disable()
    channel = socket.socket(fileno=int(argv[1]))
    channel.set_inheritable(False)
    Spawner(channel, make_stacks(empty, os.environ.get(_STACKS, ""))).serve()


if __name__ == "__main__":
    main(sys.argv)
