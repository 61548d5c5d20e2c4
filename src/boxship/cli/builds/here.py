"""A build by a Boxship on this machine, which is handed what it needs."""

from __future__ import annotations

from boxship.cli.builds.attributes import attributes_of
from boxship.cli.builds.contexts import hand_over_context, hand_over_others
from boxship.cli.builds.conversation import converse
from boxship.cli.builds.handover import Handover
from boxship.cli.builds.outputs import STDOUT, hand_over, outputs_of
from boxship.cli.builds.views.view import view_of
from boxship.cli.errors import UNCONFIRMED, Failed
from boxship.cli.files import write_output
from boxship.client.jsontext import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.cli.app import App
    from boxship.cli.builds.caches import Targets
    from boxship.cli.builds.outputs import Output
    from boxship.cli.builds.secrets import Agents
    from boxship.cli.flags.arguments import Arguments

_IDS = ("containerimage.config.digest", "containerimage.digest")


def build_here(app: App, arguments: Arguments, call: str) -> int:
    """*call*: ``build``, or what to say of the Dockerfile instead, with ``,json``."""
    name, _, form = call.partition(",")
    quiet = arguments.on("quiet") or arguments.text("progress") == "quiet"
    view = view_of("quiet" if quiet else arguments.text("progress"), app.errors_are_terminal())
    outputs = [] if name != "build" else _outputs(app, arguments)
    handover = Handover()
    agents = _agents(arguments)
    try:
        _prepare(handover, app, arguments, name, outputs)
        caches = _caches(arguments, handover)
        if agents is not None:
            agents.__enter__().hand_over(handover)
        # The daemon's copies of results are its own; ours are read when it has written them.
        last = converse(app.client, handover, view, lambda question: _answer(app, question))
    finally:
        handover.close()
        if agents is not None:
            agents.__exit__()
    view.end()
    if "error" in last:
        error = last["error"]
        raise Failed(str(error.get("explained") or error["message"]), int(error["code"]))
    if "answer" in last:
        return _say(app, name, last["answer"], form == "json")
    if "result" not in last:
        raise Failed(UNCONFIRMED)
    result = last["result"] or {}
    if caches is not None:
        caches.finish(result)
    _finish(app, arguments, outputs, result, quiet)
    return 0


def _outputs(app: App, arguments: Arguments) -> list[Output]:
    return outputs_of(
        arguments.texts("output"),
        arguments.texts("tag"),
        push=arguments.on("push"),
        load=arguments.on("load"),
        terminal=app.output_is_terminal(),
    )


def _agents(arguments: Arguments) -> Agents | None:
    if not arguments.texts("ssh"):
        return None
    from boxship.cli.builds.secrets import Agents

    return Agents(arguments.texts("ssh"))


def _caches(arguments: Arguments, handover: Handover) -> Targets | None:
    if not arguments.texts("cache-to"):
        return None
    from boxship.cli.builds.caches import Targets

    targets = Targets(arguments.texts("cache-to"), handover)
    handover.document["CacheExports"] = targets.rows
    return targets


def _prepare(
    handover: Handover, app: App, arguments: Arguments, name: str, outputs: list[Output]
) -> None:
    attributes = attributes_of(arguments, name)
    attributes |= hand_over_context(handover, arguments.positional[0], arguments.text("file"))
    attributes |= hand_over_others(handover, arguments.texts("build-context"))
    if arguments.texts("secret"):
        from boxship.cli.builds.secrets import hand_over_secrets

        hand_over_secrets(handover, arguments.texts("secret"))
    hand_over(outputs, handover)
    if arguments.texts("cache-from"):
        from boxship.cli.builds.caches import sources_of

        sources = sources_of(arguments.texts("cache-from"), handover)
        if sources:
            attributes["cache-imports"] = dumps(sources)
    handover.document["Attributes"] = attributes


def _answer(app: App, question: dict[str, str]) -> dict[str, str]:
    """What the daemon wants to know: who the user is at a registry."""
    domain = question.get("credentials")
    if not domain:
        return {}
    from boxship.cli.registry.logins import Logins
    from boxship.cli.registry.server import key_of_server

    return Logins(app.settings).get(key_of_server(domain))


def _say(app: App, name: str, answer: dict[str, str], as_json: bool) -> int:
    """Print what the daemon says of the Dockerfile; the exit code."""
    if as_json:
        app.print(answer.get("result.json", ""))
    else:
        if name == "check":
            app.print(_verdict(answer))
        app.print(answer.get("result.txt", ""), end="")
    return int(answer.get("result.statuscode") or 0)


def _verdict(answer: dict[str, str]) -> str:
    count = len(loads(answer["result.json"]).get("warnings") or ())
    if not count:
        return "Check complete, no warnings found."
    if count == 1:
        return "Check complete, 1 warning has been found!"
    return f"Check complete, {count} warnings have been found!"


def _finish(
    app: App, arguments: Arguments, outputs: list[Output], result: dict[str, Any], quiet: bool
) -> None:
    for output in outputs:
        output.finish()
    image = next((str(result[name]) for name in _IDS if result.get(name)), "")
    if arguments.text("iidfile"):
        write_output(arguments.text("iidfile"), [image.encode()])
    if arguments.text("metadata-file"):
        write_output(arguments.text("metadata-file"), [_metadata(result)])
    if quiet and image and not any(output.target == STDOUT for output in outputs):
        app.print(image)


def _metadata(result: dict[str, Any]) -> bytes:
    """What the exporters told, sorted; objects that travelled as base64 are objects again."""
    import json
    from binascii import a2b_base64

    found: dict[str, Any] = {}
    for name, value in sorted(result.items()):
        try:
            decoded = json.loads(a2b_base64(value.encode(), strict_mode=True))
        except ValueError:
            decoded = None
        found[name] = decoded if isinstance(decoded, dict) else value
    return json.dumps(found, indent=2, ensure_ascii=False).encode()
