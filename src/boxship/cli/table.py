"""The table of all commands: every spelling, the module that does it, and one line about it.

A command's first spelling is the one that errors name; the module is imported when it is chosen.
"""

from __future__ import annotations

GROUPS = {
    "builder": "Manage builds",
    "buildx": "Manage builds, by another name",
    "container": "Manage containers",
    "context": "Manage names for daemons",
    "image": "Manage images",
    "manifest": "Manage manifests and lists of them at registries",
    "network": "Manage networks",
    "system": "Manage Boxship",
    "volume": "Manage volumes",
}

# Module of boxship.cli.commands, what it does, spellings.
ROWS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("run", "Create a container from an image and run it", ("run", "container run")),
    ("exec", "Run a command in a running container", ("exec", "container exec")),
    (
        "ps",
        "List containers",
        ("ps", "container ls", "container list", "container ps"),
    ),
    ("images", "List images", ("images", "image ls", "image list")),
    ("version", "Show the versions of client and daemon", ("version",)),
    ("info", "Show what the daemon is and holds", ("info", "system info")),
    ("daemon", "Run the daemon", ("daemon",)),
    ("doctor", "Say what this machine can and cannot do, and how to mend it", ("doctor",)),
    ("attach", "Connect this terminal to a running container", ("attach", "container attach")),
    (
        "build",
        "Make an image by a Dockerfile",
        ("build", "image build", "builder build", "buildx build"),
    ),
    ("capture", "Make an image of programs of this machine", ("capture",)),
    ("complete", "Say what may stand next on a command line", ("__complete",)),
    ("completion", "Print the completion script of a shell", ("completion",)),
    ("commit", "Make an image of a container's changes", ("commit", "container commit")),
    ("cp", "Copy files between a container and this machine", ("cp", "container cp")),
    ("create", "Create a container without starting it", ("create", "container create")),
    ("diff", "List what changed in a container's file system", ("diff", "container diff")),
    ("events", "Follow what the daemon reports", ("events", "system events")),
    ("export", "Write a container's file system as a tar archive", ("export", "container export")),
    ("hub", "Run a registry, and manage its users and repositories", ("hub",)),
    ("history", "Show how an image came to be", ("history", "image history")),
    ("import_", "Make an image from a tar archive of a file system", ("import", "image import")),
    ("inspect", "Show everything about objects", ("inspect",)),
    ("kill", "Send a signal to running containers", ("kill", "container kill")),
    ("load", "Load images from an archive", ("load", "image load")),
    ("login", "Log in to a registry", ("login",)),
    ("logout", "Forget a login at a registry", ("logout",)),
    ("logs", "Show what a container printed", ("logs", "container logs")),
    ("pause", "Freeze all processes of containers", ("pause", "container pause")),
    ("port", "List a container's published ports", ("port", "container port")),
    ("pull", "Fetch an image from a registry", ("pull", "image pull")),
    ("push", "Send an image to a registry", ("push", "image push")),
    ("rename", "Give a container another name", ("rename", "container rename")),
    ("restart", "Stop and start containers", ("restart", "container restart")),
    ("rm", "Remove containers", ("rm", "container rm", "container remove")),
    ("rmi", "Remove images", ("rmi", "image rm", "image remove")),
    ("save", "Write images to an archive", ("save", "image save")),
    ("search", "Look for images in a registry", ("search",)),
    ("start", "Start stopped containers", ("start", "container start")),
    ("stats", "Show the resources that containers use", ("stats", "container stats")),
    ("stop", "Stop running containers", ("stop", "container stop")),
    ("tag", "Give an image another name", ("tag", "image tag")),
    ("top", "List the processes of a container", ("top", "container top")),
    ("unpause", "Thaw the processes of containers", ("unpause", "container unpause")),
    ("update", "Change the limits of containers", ("update", "container update")),
    ("wait", "Wait for containers to stop and print their exit codes", ("wait", "container wait")),
    ("container_inspect", "Show everything about containers", ("container inspect",)),
    ("container_prune", "Remove all stopped containers", ("container prune",)),
    ("image_inspect", "Show everything about images", ("image inspect",)),
    ("image_prune", "Remove images that nothing uses", ("image prune",)),
    ("context_create", "Give a daemon a name", ("context create",)),
    ("context_export", "Write a context to a file", ("context export",)),
    ("context_import", "Read a context from a file", ("context import",)),
    ("context_inspect", "Show everything about contexts", ("context inspect",)),
    ("context_ls", "List contexts", ("context ls", "context list")),
    ("context_rm", "Forget contexts", ("context rm", "context remove")),
    ("context_show", "Print the name of the context in use", ("context show",)),
    ("context_update", "Change a context", ("context update",)),
    ("context_use", "Choose the context for further commands", ("context use",)),
    ("builder_prune", "Remove what the builder keeps to build faster", ("builder prune",)),
    ("manifest_annotate", "Say for which platform a manifest is", ("manifest annotate",)),
    ("manifest_create", "Begin a list of manifests", ("manifest create",)),
    ("manifest_inspect", "Show a manifest or a list of them", ("manifest inspect",)),
    ("manifest_push", "Send a list of manifests to a registry", ("manifest push",)),
    ("manifest_rm", "Forget lists of manifests", ("manifest rm",)),
    ("network_connect", "Put a container into a network", ("network connect",)),
    ("network_create", "Make a network", ("network create",)),
    ("network_disconnect", "Take a container out of a network", ("network disconnect",)),
    ("network_inspect", "Show everything about networks", ("network inspect",)),
    ("network_ls", "List networks", ("network ls", "network list")),
    ("network_prune", "Remove networks that nothing uses", ("network prune",)),
    ("network_rm", "Remove networks", ("network rm", "network remove")),
    ("volume_create", "Make a volume", ("volume create",)),
    ("volume_inspect", "Show everything about volumes", ("volume inspect",)),
    ("volume_ls", "List volumes", ("volume ls", "volume list")),
    ("volume_prune", "Remove volumes that nothing uses", ("volume prune",)),
    ("volume_rm", "Remove volumes", ("volume rm", "volume remove")),
    ("system_dial_stdio", "Connect standard streams to the daemon", ("system dial-stdio",)),
    ("system_df", "Show the disk space in use", ("system df",)),
    ("system_install_service", "Make Boxship a service of systemd", ("system install-service",)),
    ("system_restart", "Stop the daemon and start it again", ("system restart",)),
    ("system_stop", "Stop the daemon", ("system stop",)),
    ("system_reset", "Remove everything of Boxship's from this machine", ("system reset",)),
    ("system_prune", "Remove everything that nothing uses", ("system prune",)),
)

# What programs call, not people: these work and are not listed.
HIDDEN = frozenset({"system dial-stdio", "__complete"})


class Row:
    """A row of the table. ``spelling`` is the one that the user typed."""

    __slots__ = ("module", "spelling", "spellings", "summary")

    def __init__(
        self, module: str, summary: str, spellings: tuple[str, ...], spelling: str
    ) -> None:
        self.module = module
        self.summary = summary
        self.spellings = spellings
        self.spelling = spelling


def find(spelling: str) -> Row | None:
    for module, summary, spellings in ROWS:
        if spelling in spellings:
            return Row(module, summary, spellings, spelling)
    return None


def top_level() -> list[str]:
    """Every first word that a command line may have."""
    return [name for _, _, names in ROWS for name in names if _plain(name)] + list(GROUPS)


def _plain(name: str) -> bool:
    return " " not in name and name not in HIDDEN


def members(group: str) -> list[tuple[str, str]]:
    """The commands of a group by their first name in it, with their line, sorted."""
    found = {}
    for _, summary, spellings in ROWS:
        inside = [n for n in spellings if n.startswith(group + " ") and n not in HIDDEN]
        if inside:
            found[inside[0].removeprefix(group + " ")] = summary
    return sorted(found.items())
