"""``--docker KEY=VALUE,…``: a context's endpoint and its certificates."""

from __future__ import annotations

from boxship.base.errors import BoxshipError
from boxship.cli.contexts.store import DOCKER, TLS_FILES, Context, ContextStore
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import many
from boxship.cli.flags.kinds import parse_bool
from boxship.client.endpoint import parse_endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments

KEYS = ("from", "host", "ca", "cert", "key", "skip-tls-verify")
NOTES = """The endpoint is made of pairs, such as host=ssh://me@there or
host=tcp://there:2376,ca=ca.pem,cert=cert.pem,key=key.pem:

  from              take over another context's endpoint
  host              the daemon's address
  ca, cert, key     certificate files, which are copied
  skip-tls-verify   true: do not check the daemon's certificate"""


def _pairs(text: str) -> dict[str, str]:
    found = {}
    for pair in text.split(","):
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair} must be formatted as key=value")
        found[key] = value
    return found


FLAG = many("docker", "The daemon's endpoint", shows="stringToString", parse=_pairs)


def given_pairs(arguments: Arguments) -> dict[str, str]:
    return {key: value for pairs in arguments.items("docker") for key, value in pairs.items()}


def apply(app: App, context: Context, pairs: dict[str, str], verb: str) -> None:
    """Set *context*'s endpoint from *pairs*; *verb* is for the error's text."""
    try:
        unknown = sorted(set(pairs) - set(KEYS))
        if unknown:
            raise Failed(f"{', '.join(unknown)}: unrecognized config key")
        if pairs.get("from"):
            copy_endpoint(app, pairs["from"], context)
            return
        if pairs.get("host"):
            parse_endpoint(pairs["host"])
        files = _files(pairs)
        skip = parse_bool(pairs["skip-tls-verify"]) if pairs.get("skip-tls-verify") else False
    except (BoxshipError, Failed, ValueError) as error:
        raise Failed(f"unable to {verb} docker endpoint config: {error}") from None
    context.endpoints[DOCKER] = {"Host": pairs.get("host", ""), "SkipTLSVerify": skip}
    context.tls.pop(DOCKER, None)
    if files:
        context.tls[DOCKER] = files


def _files(pairs: dict[str, str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in TLS_FILES:
        path = pairs.get(name.removesuffix(".pem"))
        if not path:
            continue
        try:
            with open(path, "rb") as file:
                found[name] = file.read()
        except OSError as error:
            raise Failed(f"open {path}: {(error.strerror or str(error)).lower()}") from None
    return found


def copy_endpoint(app: App, source: str, context: Context) -> None:
    from boxship.cli.contexts.default import read

    other = read(app, ContextStore(app.settings.directory), source)
    endpoint: dict[str, Any] = dict(other.endpoint)
    context.endpoints[DOCKER] = endpoint
    if DOCKER in other.tls:
        context.tls[DOCKER] = dict(other.tls[DOCKER])
