"""Host and domain name of the UTS namespace (uts_namespaces(7))."""

from typing import Any

from boxship.kernel import process
from boxship.sandbox.steps.context import Context


def set_names(context: Context, step: dict[str, Any]) -> None:
    if step.get("hostname"):
        process.sethostname(step["hostname"])
    if step.get("domainname"):
        process.setdomainname(step["domainname"])
