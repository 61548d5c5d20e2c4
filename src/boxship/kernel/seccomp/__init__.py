"""Seccomp: profiles -> a filter for one container -> a BPF program -> the kernel.

``docker_default()`` or ``parse()`` give a Profile; ``Profile.resolve()`` a Filter, which is what
OCI's ``linux.seccomp`` says; ``compile()`` the program's bytes (a pure function, worth caching);
``install()`` runs in the process to be filtered and does nothing else.
"""

from boxship.kernel.seccomp.compiler import compile
from boxship.kernel.seccomp.default import docker_default
from boxship.kernel.seccomp.evaluate import permits_birth
from boxship.kernel.seccomp.profile import Filter, Profile, from_spec, parse, to_spec
from boxship.kernel.seccomp_install import flag_bits, install, pack, unpack

__all__ = [
    "Filter",
    "Profile",
    "compile",
    "docker_default",
    "flag_bits",
    "from_spec",
    "install",
    "pack",
    "parse",
    "permits_birth",
    "to_spec",
    "unpack",
]
