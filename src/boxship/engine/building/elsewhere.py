"""What a build fetches itself: files by URL, git repositories."""

import asyncio
import hashlib
import http.client
import os
import posixpath
import re
import shutil
import signal
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from boxship.base.errors import InvalidParameter, NotSupported
from boxship.base.trees import remove_tree
from boxship.builder import git_address
from boxship.builder.work import Origin

_TIMEOUT = 60
_PIECE = 1 << 18
_LIMIT = 16 << 30
_NAME = re.compile(r'filename="?([^";/\\]+)"?')
_GIT = (
    ("core.hooksPath", "/dev/null"),
    ("protocol.ext.allow", "never"),
    ("protocol.file.allow", "never"),
)
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


async def download(origin: Origin, directory: Path) -> str:
    """Store the file behind the URL in *directory*; its SHA-256."""
    stop = [False]
    # A slow server holds up nobody who needs one of the loop's few threads.
    executor = ThreadPoolExecutor(1, thread_name_prefix="download")
    try:
        work = asyncio.get_running_loop().run_in_executor(
            executor, _download, origin, directory, stop
        )
        return await work
    finally:
        stop[0] = True
        executor.shutdown(wait=False)


def _download(origin: Origin, directory: Path, stop: list[bool]) -> str:
    url = origin.name
    algorithm, _, wanted = origin.checksum.partition(":")
    digest = hashlib.new(algorithm or "sha256")
    content = hashlib.sha256()
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "boxship"})
        with _opener().open(request, timeout=_TIMEOUT) as answer:
            path = directory / _name(url, answer.headers)
            with open(path, "xb") as file:
                while (piece := answer.read1(_PIECE)) and not stop[0]:
                    file.write(piece)
                    digest.update(piece)
                    content.update(piece)
                    if file.tell() > _LIMIT:
                        raise InvalidParameter(f"{url} is larger than {_LIMIT} bytes")
            path.chmod(0o600)
            modified = _modified(answer.headers)
            os.utime(path, ns=(modified, modified))
    except urllib.error.HTTPError as error:
        raise InvalidParameter(
            f"invalid response status {error.code}: failed to GET {url} with status "
            f"{error.code} {error.reason}"
        ) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise InvalidParameter(f"failed to GET {url}: {error}") from None
    if wanted and digest.hexdigest() != wanted:
        raise InvalidParameter(
            f"digest mismatch {algorithm}:{digest.hexdigest()}: {origin.checksum}"
        )
    return content.hexdigest()


def _opener() -> urllib.request.OpenerDirector:
    """HTTP alone: redirections lead to no other scheme."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _name(url: str, headers: Message) -> str:
    match = _NAME.search(headers.get("Content-Disposition", ""))
    name = match[1] if match else posixpath.basename(unquote(urlsplit(url).path).rstrip("/"))
    return name if name not in ("", ".", "..") and "/" not in name else "download"


def _modified(headers: Message) -> int:
    try:
        moment = parsedate_to_datetime(headers.get("Last-Modified", ""))
        return int(moment.timestamp()) * 1_000_000_000
    except (TypeError, ValueError, OverflowError):
        return 0


async def clone(text: str, directory: Path, keep_git: bool = False) -> str:
    """Check *text* out into *directory*; the commit."""
    if shutil.which("git") is None:
        raise NotSupported("git is not installed on this machine: it cannot fetch repositories")
    address = git_address.parse(text)
    if address.reference.startswith("-") or address.url.startswith("-"):
        raise InvalidParameter(f"invalid git reference: {address.reference}")
    await _git(directory, "init", "--quiet", ".")
    await _git(directory, "remote", "add", "origin", address.url)
    wanted = address.reference or "HEAD"
    try:
        await _git(directory, "fetch", "--quiet", "--depth=1", "origin", wanted)
    except InvalidParameter:
        # Plain file servers have no short histories, and some servers no single commits.
        everything = ("+refs/heads/*:refs/remotes/origin/*", "--tags")
        await _git(directory, "fetch", "--quiet", "origin", *everything)
        if not _COMMIT.match(wanted):
            await _git(directory, "fetch", "--quiet", "origin", wanted)
    target = wanted if _COMMIT.match(wanted) else "FETCH_HEAD"
    await _git(directory, "checkout", "--quiet", "--force", target)
    await _git(directory, "submodule", "update", "--quiet", "--init", "--recursive")
    commit = (await _git(directory, "rev-parse", "HEAD")).strip()
    if not keep_git:
        await asyncio.to_thread(remove_tree, directory / ".git")
    return commit


async def _git(directory: Path, *arguments: str) -> str:
    settings = [word for key, value in _GIT for word in ("-c", f"{key}={value}")]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0",
        # A setting can name a program: none is read from a place that a repository could fill.
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "HOME": os.devnull,
        "XDG_CONFIG_HOME": os.devnull,
    }
    process = await asyncio.create_subprocess_exec(
        "git",
        *settings,
        *arguments,
        cwd=directory,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        # The transport is a child of git's, and may be waiting for its server.
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    if process.returncode:
        reason = err.decode(errors="replace").strip()
        raise InvalidParameter(
            f"failed to fetch remote {arguments[-1]}: git {arguments[0]}: {reason}"
        )
    return out.decode(errors="replace")
