"""What a client asks of a build, whichever way it came."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from boxship.types.host_config import Ulimit

# What BuildKit lets steps think that their machine is called.
HOSTNAME = "buildkitsandbox"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the containers that RUN starts. Bytes, and microseconds for periods and quotas."""

    memory: int = 0
    memory_swap: int = 0
    cpu_shares: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    shm_size: int = 0
    ulimits: tuple[Ulimit, ...] = ()
    cgroup_parent: str = ""


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """*tags* are names for the result; *cache_from* images whose layers may be used; *secrets*
    content by id; *created* nanoseconds for everything that the build makes, 0 for the clock;
    *agents* sockets of SSH agents by id; *no_cache_stages*: names of stages that are done anew;
    *hostname* of the steps' containers, empty for their ids; *cache_namespace* keeps cache mounts
    apart; *keep_git*: contexts from git keep their ``.git``; *step_images*: each step leads
    to an image that clients see; *buildkit_history*: its lines, and what else images tell of who
    made them, are as BuildKit has it, not the classic builder.
    """

    tags: tuple[str, ...] = ()
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    no_cache: bool = False
    pull: bool = False
    cache_from: tuple[str, ...] = ()
    network: str = "default"
    extra_hosts: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    limits: Limits = Limits()
    remove: bool = True
    force_remove: bool = False
    squash: bool = False
    quiet: bool = False
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    created: int = 0
    agents: Mapping[str, str] = field(default_factory=dict)
    no_cache_stages: tuple[str, ...] = ()
    hostname: str = ""
    cache_namespace: str = ""
    keep_git: bool = False
    step_images: bool = True
    buildkit_history: bool = False
