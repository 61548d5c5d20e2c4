"""What a registry's refusals mean to whoever asked the engine, in dockerd's words."""

from boxship.base.errors import BoxshipError, NotFound
from boxship.images.reference import Reference
from boxship.registry.errors import Refused

_LOGIN = "repository does not exist or may require 'docker login'"


def of_pull(error: Refused, name: Reference) -> BoxshipError:
    """As the error of fetching *name*."""
    code = error.faults[0].code if error.faults else ""
    if code == "DENIED":
        return NotFound(f"pull access denied for {name.familiar_name}, {_LOGIN}: {error}")
    if code == "MANIFEST_UNKNOWN":
        return NotFound(f"manifest for {name.familiar} not found: {error}")
    if code == "NAME_UNKNOWN":
        return NotFound(f"repository {name.familiar_name} not found: {error}")
    if error.status == 404:
        return NotFound(f"manifest for {name.familiar} not found: manifest unknown: {error}")
    return error
