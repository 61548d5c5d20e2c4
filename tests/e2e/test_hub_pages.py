"""The hub's pages in Debian's Chromium, with scripts switched off."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from support.hub import (
    OCI_INDEX,
    OCI_MANIFEST,
    PASSWORD,
    HubClient,
    RunningHub,
    image_manifest,
    running_hub,
)
from support.requirements import require_tool

EVIL = '<script>document.title="owned"</script><img src=x onerror=alert(1)>'
HISTORY = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / ", "created": "2026-01-02T03:04:05Z"},
    {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
    {"created_by": "/bin/sh -c apt-get install -y tree", "comment": EVIL},
]
LAYERS = (b"a" * 2_500_000, b"b" * 700)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(Path(tmp_path_factory.mktemp("pages"))) as running:
        _fill(running, running.client("alice"))
        yield running


def _fill(hub: RunningHub, alice: HubClient) -> None:
    config: dict[str, Any] = {
        "architecture": "amd64",
        "os": "linux",
        "author": EVIL,
        "history": HISTORY,
        "config": {"Cmd": ["sh"], "Labels": {"note": EVIL}},
    }
    for name in ("alice/box", "alice/secret"):
        digest = alice.push_blob(name, json.dumps(config).encode())
        for layer in LAYERS:
            alice.push_blob(name, layer)
        image = alice.push_manifest(name, "v1", image_manifest(digest, *LAYERS))
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {
                "mediaType": OCI_MANIFEST,
                "digest": image,
                "size": 1,
                "platform": {"os": "linux", "architecture": "amd64"},
            }
        ],
    }
    alice.push_manifest("alice/box", "all", index)
    assert hub.command("repository", "set", "alice/box", "--public").returncode == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require_tool("chromium")
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, hub: RunningHub) -> Iterator[Page]:
    context = browser.new_context(
        java_script_enabled=False, base_url=f"http://{hub.host}", viewport=None
    )
    opened = context.new_page()
    broken: list[str] = []
    opened.on("requestfailed", lambda request: broken.append(f"{request.url} {request.failure}"))
    opened.on("console", lambda message: broken.append(message.text))
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    context.close()
    # Chromium also tells of answers that are no success, and of what a click was too quick for.
    known = ("the server responded with", "net::ERR_ABORTED")
    assert [text for text in broken if not any(each in text for each in known)] == []


def test_the_way_to_an_image(page: Page) -> None:
    page.goto("/")
    assert page.get_by_role("listitem").all_inner_texts() == ["alice/box\npublic"]
    page.get_by_role("link", name="alice/box").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("alice/box")
    page.get_by_role("link", name="v1").click()
    rows = page.get_by_role("table", name="Layers and history").locator("tbody tr")
    cells = [row.get_by_role("cell").all_inner_texts() for row in rows.all()]
    assert [cell[1].split("\n")[0] for cell in cells] == [
        "ADD file:1 in /", 'CMD ["sh"]', "RUN apt-get install -y tree",
    ]  # fmt: skip
    assert [cell[2] for cell in cells] == ["2.5 MB", "–", "700 B"]
    assert cells[0][3].startswith("sha256:") and cells[1][3] == "no layer"
    text = page.locator("main").inner_text()
    assert "linux/amd64" in text and "2.5 MB compressed" in text
    assert text.count(EVIL) == 3, "what was pushed is text, and nothing else"
    assert page.locator("main img, script").count() == 0


def test_an_image_for_several_platforms(page: Page) -> None:
    page.goto("/r/alice/box/-/all")
    row = page.get_by_role("table", name="Platforms").locator("tbody tr")
    assert row.get_by_role("rowheader").inner_text() == "linux/amd64"
    row.get_by_role("link").click()
    assert page.get_by_role("table", name="Layers and history").is_visible()


def test_private_repositories_are_seen_after_a_login(page: Page) -> None:
    answer = page.goto("/r/alice/secret")
    assert answer is not None and answer.status == 404
    page.get_by_role("banner").get_by_role("link", name="Log in").click()
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    assert page.get_by_role("alert").inner_text() == "incorrect username or password"
    assert page.get_by_label("Name").input_value() == "alice"
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    assert "Logged in as alice" in page.get_by_role("banner").inner_text()
    page.get_by_role("link", name="alice/secret").click()
    assert page.get_by_role("table", name="Tags").is_visible()
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    page.get_by_role("button", name="Log out").click()
    answer = page.goto("/r/alice/secret")
    assert answer is not None and answer.status == 404


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/", "/login", "/r/alice/box", "/r/alice/box/-/v1", "/none"])
def test_pages_fit_their_window(browser: Browser, hub: RunningHub, path: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"http://{hub.host}{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.title") != "owned"
    context.close()


def test_forms_of_other_sites_are_refused(hub: RunningHub) -> None:
    form = f"name=alice&password={PASSWORD}".replace(" ", "+").encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    client = hub.client()
    for origin in ("http://evil.example", "null", ""):
        answer = client.once("POST", "/login", form, {**kind, "Origin": origin})
        assert answer.status == 403 and "set-cookie" not in answer.headers
    own = client.once("POST", "/login", form, {**kind, "Origin": f"http://{hub.host}"})
    assert own.status == 303 and "HttpOnly" in own.headers["set-cookie"]


def test_pages_run_no_scripts_and_are_framed_by_nobody(hub: RunningHub) -> None:
    policy = hub.client().once("GET", "/").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
