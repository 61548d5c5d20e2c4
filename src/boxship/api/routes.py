"""THE route table: every path that the engine serves, one row each.

A handler lives in ``handlers/<resource>/<verb>.py``. Rows without parameters win over rows with;
among the latter the first match counts, so the more specific one comes first.
"""

from boxship.api.handlers.build.build import build
from boxship.api.handlers.build.cancel import cancel
from boxship.api.handlers.build.prune import prune
from boxship.api.handlers.build.upgrade import grpc, session
from boxship.api.handlers.containers import archive
from boxship.api.handlers.containers.attach import attach, attach_websocket
from boxship.api.handlers.containers.changes import changes
from boxship.api.handlers.containers.commit import commit
from boxship.api.handlers.containers.create import create as create_container
from boxship.api.handlers.containers.export import export
from boxship.api.handlers.containers.inspect import inspect as inspect_container
from boxship.api.handlers.containers.kill import kill
from boxship.api.handlers.containers.list import containers as list_containers
from boxship.api.handlers.containers.logs import logs
from boxship.api.handlers.containers.pause import pause, unpause
from boxship.api.handlers.containers.prune import prune as prune_containers
from boxship.api.handlers.containers.remove import remove as remove_container
from boxship.api.handlers.containers.rename import rename
from boxship.api.handlers.containers.resize import resize
from boxship.api.handlers.containers.start import start
from boxship.api.handlers.containers.stats import stats
from boxship.api.handlers.containers.stop import restart, stop
from boxship.api.handlers.containers.top import top
from boxship.api.handlers.containers.update import update
from boxship.api.handlers.containers.wait import wait
from boxship.api.handlers.exec.create import create as create_exec
from boxship.api.handlers.exec.inspect import inspect as inspect_exec
from boxship.api.handlers.exec.resize import resize as resize_exec
from boxship.api.handlers.exec.start import start as start_exec
from boxship.api.handlers.images import distribution, registry
from boxship.api.handlers.images.create import create as create_image
from boxship.api.handlers.images.inspect import history
from boxship.api.handlers.images.inspect import inspect as inspect_image
from boxship.api.handlers.images.list import list_images
from boxship.api.handlers.images.load import load
from boxship.api.handlers.images.prune import prune as prune_images
from boxship.api.handlers.images.remove import remove as remove_image
from boxship.api.handlers.images.save import save_one, save_several
from boxship.api.handlers.images.search import search
from boxship.api.handlers.images.tag import tag
from boxship.api.handlers.networks import change as networks
from boxship.api.handlers.networks.inspect import inspect as inspect_network
from boxship.api.handlers.networks.list import list_networks
from boxship.api.handlers.plugins import none as plugins
from boxship.api.handlers.swarm import refused as swarm
from boxship.api.handlers.system.auth import auth
from boxship.api.handlers.system.disk_usage import disk_usage
from boxship.api.handlers.system.events import events
from boxship.api.handlers.system.info import info
from boxship.api.handlers.system.ping import ping
from boxship.api.handlers.system.version import version
from boxship.api.handlers.volumes.create import create as create_volume
from boxship.api.handlers.volumes.inspect import inspect as inspect_volume
from boxship.api.handlers.volumes.list import list_volumes
from boxship.api.handlers.volumes.prune import prune as prune_volumes
from boxship.api.handlers.volumes.remove import remove as remove_volume
from boxship.api.route import Route

ROUTES: tuple[Route, ...] = (
    # system
    Route("GET", "/_ping", ping),
    Route("HEAD", "/_ping", ping),
    Route("GET", "/version", version),
    Route("GET", "/info", info),
    Route("GET", "/events", events, on_disconnect="cancel", flush_early=True),
    Route("GET", "/system/df", disk_usage, since=(1, 25), on_disconnect="cancel"),
    Route("POST", "/auth", auth),
    # containers
    Route("GET", "/containers/json", list_containers),
    Route("POST", "/containers/create", create_container),
    Route("POST", "/containers/prune", prune_containers, since=(1, 25)),
    Route("GET", "/containers/{name}/json", inspect_container),
    Route("GET", "/containers/{name}/top", top, on_disconnect="cancel"),
    Route("GET", "/containers/{name}/logs", logs, on_disconnect="cancel", flush_early=True),
    Route("GET", "/containers/{name}/changes", changes, on_disconnect="cancel"),
    Route("GET", "/containers/{name}/export", export, on_disconnect="cancel"),
    Route("GET", "/containers/{name}/stats", stats, on_disconnect="cancel", flush_early=True),
    Route("POST", "/containers/{name}/start", start),
    Route("POST", "/containers/{name}/stop", stop),
    Route("POST", "/containers/{name}/restart", restart),
    Route("POST", "/containers/{name}/kill", kill),
    Route("POST", "/containers/{name}/pause", pause),
    Route("POST", "/containers/{name}/unpause", unpause),
    Route("POST", "/containers/{name}/rename", rename),
    Route("POST", "/containers/{name}/update", update),
    Route("POST", "/containers/{name}/resize", resize),
    Route("POST", "/containers/{name}/wait", wait, on_disconnect="cancel"),
    Route("POST", "/containers/{name}/attach", attach),
    Route("GET", "/containers/{name}/attach/ws", attach_websocket),
    Route("HEAD", "/containers/{name}/archive", archive.stat),
    Route("GET", "/containers/{name}/archive", archive.get, on_disconnect="cancel"),
    Route("PUT", "/containers/{name}/archive", archive.put),
    Route("DELETE", "/containers/{name:path}", remove_container),
    Route("POST", "/commit", commit),
    # exec
    Route("POST", "/containers/{name}/exec", create_exec),
    Route("POST", "/exec/{id}/start", start_exec),
    Route("POST", "/exec/{id}/resize", resize_exec),
    Route("GET", "/exec/{id}/json", inspect_exec),
    # images
    Route("GET", "/images/json", list_images),
    Route("GET", "/images/get", save_several, on_disconnect="cancel"),
    Route("GET", "/images/search", search),
    Route("POST", "/images/create", create_image, on_disconnect="cancel"),
    Route("POST", "/images/load", load),
    Route("POST", "/images/prune", prune_images, since=(1, 25)),
    Route("GET", "/images/{name:path}/get", save_one, on_disconnect="cancel"),
    Route("GET", "/images/{name:path}/json", inspect_image),
    Route("GET", "/images/{name:path}/history", history),
    Route("POST", "/images/{name:path}/push", registry.push, on_disconnect="cancel"),
    Route("POST", "/images/{name:path}/tag", tag),
    Route("DELETE", "/images/{name:path}", remove_image),
    Route("GET", "/distribution/{name:path}/json", distribution.describe, since=(1, 30)),
    Route("GET", "/distribution/{name:path}/image", distribution.image, since=(1, 30)),
    Route("GET", "/distribution/{name:path}/manifest", distribution.manifest, since=(1, 30)),
    Route("PUT", "/distribution/{name:path}/manifest", distribution.put_manifest, since=(1, 30)),
    # networks
    Route("GET", "/networks", list_networks),
    Route("POST", "/networks/create", networks.create),
    Route("POST", "/networks/prune", networks.prune, since=(1, 25)),
    Route("GET", "/networks/{id}", inspect_network),
    Route("DELETE", "/networks/{id}", networks.remove),
    Route("POST", "/networks/{id}/connect", networks.connect),
    Route("POST", "/networks/{id}/disconnect", networks.disconnect),
    # volumes
    Route("GET", "/volumes", list_volumes),
    Route("POST", "/volumes/create", create_volume),
    Route("POST", "/volumes/prune", prune_volumes, since=(1, 25)),
    Route("GET", "/volumes/{name}", inspect_volume),
    Route("DELETE", "/volumes/{name}", remove_volume),
    # build
    Route("POST", "/build", build, on_disconnect="cancel"),
    Route("POST", "/build/prune", prune, since=(1, 31)),
    Route("POST", "/build/cancel", cancel, since=(1, 39)),
    Route("POST", "/session", session, since=(1, 39)),
    Route("POST", "/grpc", grpc, since=(1, 39)),
    # plugins
    Route("GET", "/plugins", plugins.list_plugins, since=(1, 25)),
    Route("GET", "/plugins/privileges", plugins.cannot_install, since=(1, 25)),
    Route("POST", "/plugins/pull", plugins.cannot_install, since=(1, 25)),
    Route("POST", "/plugins/create", plugins.cannot_install, since=(1, 25)),
    Route("GET", "/plugins/{name:path}/json", plugins.not_found, since=(1, 25)),
    Route("DELETE", "/plugins/{name:path}", plugins.not_found, since=(1, 25)),
    Route("POST", "/plugins/{name:path}/enable", plugins.not_found, since=(1, 25)),
    Route("POST", "/plugins/{name:path}/disable", plugins.not_found, since=(1, 25)),
    Route("POST", "/plugins/{name:path}/upgrade", plugins.not_found, since=(1, 26)),
    Route("POST", "/plugins/{name:path}/push", plugins.not_found, since=(1, 25)),
    Route("POST", "/plugins/{name:path}/set", plugins.not_found, since=(1, 25)),
    # swarm
    Route("POST", "/swarm/init", swarm.cannot_join),
    Route("POST", "/swarm/join", swarm.cannot_join),
    Route("POST", "/swarm/leave", swarm.needs_membership),
    Route("GET", "/swarm", swarm.needs_manager),
    Route("GET", "/swarm/unlockkey", swarm.needs_manager),
    Route("POST", "/swarm/update", swarm.needs_manager),
    Route("POST", "/swarm/unlock", swarm.needs_manager),
    Route("GET", "/nodes", swarm.needs_manager),
    Route("GET", "/nodes/{id:path}", swarm.needs_manager),
    Route("DELETE", "/nodes/{id:path}", swarm.needs_manager),
    Route("POST", "/nodes/{id:path}/update", swarm.needs_manager),
    Route("GET", "/services", swarm.needs_manager),
    Route("POST", "/services/create", swarm.needs_manager),
    Route("GET", "/services/{id:path}/logs", swarm.needs_manager, since=(1, 29)),
    Route("GET", "/services/{id:path}", swarm.needs_manager),
    Route("DELETE", "/services/{id:path}", swarm.needs_manager),
    Route("POST", "/services/{id:path}/update", swarm.needs_manager),
    Route("GET", "/tasks", swarm.needs_manager),
    Route("GET", "/tasks/{id:path}/logs", swarm.needs_manager, since=(1, 29)),
    Route("GET", "/tasks/{id:path}", swarm.needs_manager),
    Route("GET", "/secrets", swarm.needs_manager, since=(1, 25)),
    Route("POST", "/secrets/create", swarm.needs_manager, since=(1, 25)),
    Route("GET", "/secrets/{id:path}", swarm.needs_manager, since=(1, 25)),
    Route("DELETE", "/secrets/{id:path}", swarm.needs_manager, since=(1, 25)),
    Route("POST", "/secrets/{id:path}/update", swarm.needs_manager, since=(1, 25)),
    Route("GET", "/configs", swarm.needs_manager, since=(1, 30)),
    Route("POST", "/configs/create", swarm.needs_manager, since=(1, 30)),
    Route("GET", "/configs/{id:path}", swarm.needs_manager, since=(1, 30)),
    Route("DELETE", "/configs/{id:path}", swarm.needs_manager, since=(1, 30)),
    Route("POST", "/configs/{id:path}/update", swarm.needs_manager, since=(1, 30)),
)
