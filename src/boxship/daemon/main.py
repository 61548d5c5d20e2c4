"""The daemon's life: settings, sockets, engine, signals, end."""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

from boxship.api.server import App
from boxship.base.errors import BoxshipError
from boxship.daemon import config
from boxship.daemon.config import Settings
from boxship.daemon.config_file import DEFAULT_FILE, read_file
from boxship.daemon.names import host_gateway, wishes
from boxship.daemon.networks import network_settings
from boxship.daemon.ownership import sole_owner
from boxship.daemon.pidfile import pidfile
from boxship.daemon.registries import registry_settings
from boxship.daemon.sockets import addresses, open_sockets, tls_context, warnings
from boxship.daemon.subordinate_ids import remapped_users
from boxship.daemon.surroundings import leave_surroundings
from boxship.engine.containers.validation.logging import check_log_config
from boxship.engine.engine import Engine
from boxship.engine.options import EngineOptions
from boxship.kernel.libc import give_back_memory, share_heap
from boxship.types.host_config import LogConfig
from boxship.wire.server import Server

_log = logging.getLogger("boxship")
_LEVELS = {"warn": "WARNING", "fatal": "CRITICAL"}


def _options(settings: Settings) -> EngineOptions:
    check_log_config(LogConfig(type=settings.log_driver, config=settings.log_opts))
    return EngineOptions(
        data_root=Path(settings.data_root),
        exec_root=Path(settings.exec_root),
        cgroup_parent=settings.cgroup_parent,
        log_driver=settings.log_driver,
        log_options=settings.log_opts,
        default_ulimits=settings.default_ulimits,
        labels=settings.labels,
        warnings=warnings(settings),
        init=settings.init,
        live_restore=settings.live_restore,
        shutdown_timeout=settings.shutdown_timeout,
        users=remapped_users(settings.userns_remap) if settings.userns_remap else None,
        kill_at=os.environ.get("BOXSHIP_KILL_AT", ""),
        registries=registry_settings(settings),
        networks=network_settings(settings),
        names=wishes(settings),
        host_gateway=host_gateway(settings),
    )


def _set_level(settings: Settings) -> None:
    level = "debug" if settings.debug else settings.log_level
    logging.getLogger().setLevel(_LEVELS.get(level, level.upper()))


def _reload(settings: Settings, engine: Engine) -> None:
    """SIGHUP: take over what may change; a broken file changes nothing."""
    try:
        fresh = read_file(settings.source)
    except BoxshipError as error:
        _log.error("%s", error)
        return
    wanted = {name: fresh[name] for name in config.RELOADABLE if name in fresh}
    try:
        engine.sharing.reload(registry_settings(replace(settings, **wanted)))
    except BoxshipError as error:
        _log.error("unable to reload %s: %s", settings.source or DEFAULT_FILE, error)
        return
    for name, value in wanted.items():
        setattr(settings, name, value)
    engine.options.labels = settings.labels
    _set_level(settings)
    engine.events.emit("daemon", "reload", engine.daemon_id, {"name": socket.gethostname()})
    _log.info("reloaded %s", settings.source or DEFAULT_FILE)


def _tell_ready(settings: Settings) -> None:
    if settings.ready_fd >= 0:
        os.write(settings.ready_fd, b"1")
        os.close(settings.ready_fd)
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if address:
        name = "\0" + address[1:] if address.startswith("@") else address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", name)


def _validate(settings: Settings) -> None:
    """Say that the daemon could start with *settings*, in dockerd's words, or raise."""
    _options(settings)
    tls_context(settings)
    print("configuration OK")


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sockets = open_sockets(settings)
    engine = Engine(_options(settings))
    loop.add_signal_handler(signal.SIGHUP, _reload, settings, engine)
    server = Server(App(engine), serve_http2=engine.buildkit.serve)
    try:
        await engine.open()
        for sock, tls in sockets:
            server.listen(sock, tls)
        gc.collect()
        gc.freeze()
        give_back_memory()
        _tell_ready(settings)
        _log.info("listening on %s", ", ".join(addresses(settings)))
        await stop.wait()
    finally:
        await server.close(grace=1.0)
        await engine.close(stop_containers=not settings.live_restore)


def main(argv: list[str]) -> int:
    """The exit code: 0 after SIGTERM, 1 when it cannot run."""
    logging.basicConfig(
        stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level="INFO"
    )
    try:
        settings = config.load(argv)
        _set_level(settings)
        if settings.validate:
            _validate(settings)
            return 0
        if os.geteuid() != 0:
            print("boxship daemon: it needs to be started with root privileges", file=sys.stderr)
            return 1
        leave_surroundings(settings.ready_fd)
        share_heap()
        Path(settings.exec_root).mkdir(parents=True, exist_ok=True, mode=0o711)
        with sole_owner(Path(settings.data_root)), pidfile(Path(settings.pidfile)):
            asyncio.run(_serve(settings))
    except (BoxshipError, OSError) as error:
        print(f"boxship daemon: {error}", file=sys.stderr)
        return 1
    return 0
