"""``boxship manifest annotate``: say for which platform a manifest of a list is."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.cli.command import Command
from boxship.cli.errors import Failed
from boxship.cli.flags.flag import Flag, many
from boxship.cli.manifests import entries, names
from boxship.cli.manifests.store import ManifestStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.manifests.names import Name


def _run(app: App, arguments: Arguments) -> int:
    first, second = arguments.positional
    of, name = _name(first, "manifest list"), _name(second, "manifest")
    store = ManifestStore(app.settings.directory)
    entry = store.get(of, name)
    if entry is None:
        raise Failed(f"manifest for image {second} does not exist in {first}")
    features = [one for text in arguments.texts("os-features") for one in text.split(",")]
    changes = {
        "architecture": arguments.text("arch"),
        "os": arguments.text("os"),
        "os.version": arguments.text("os-version"),
        "os.features": features,
        "variant": arguments.text("variant"),
    }
    entries.annotate(entry, changes)
    store.save(of, name, entry)
    return 0


def _name(text: str, what: str) -> Name:
    try:
        return names.parse(text)
    except InvalidParameter as error:
        raise Failed(f"annotate: error parsing name for {what} {text}: {error}") from None


COMMAND = Command(
    _run,
    "[OPTIONS] MANIFEST_LIST MANIFEST",
    (
        Flag("arch", "Architecture"),
        Flag("os", "Operating system"),
        many("os-features", "Features that the operating system has to have", shows="strings"),
        Flag("os-version", "Version of the operating system"),
        Flag("variant", "Variant of the architecture"),
    ),
    least=2,
    most=2,
)
