"""The web application by its answers; `test_browser.py` has the page in a real browser."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from conftest import label_file, page_html, page_lines, write_page
from programs import folder, run

from pagesieve.desk import Desk
from pagesieve.review import application
from pagesieve.sieve import Sieve

pytest.importorskip("flask", reason="pip install '.[review]'")

SITE = "near.example"
STORY = f"{SITE}/story.txt"
HOST = "http://127.0.0.1:8123"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    lines = page_lines("near", 1)
    write_page(root, SITE, "story", lines, status="proposed").with_suffix(".html").write_text(page_html(lines), encoding="utf-8")
    (root / "secret.txt").write_text("secret")
    return root


@pytest.fixture
def client(root: Path, tiny_sieve: Sieve) -> Any:
    return application(Desk.laid(root, tiny_sieve.model), unsure=0.7).test_client()


def get(client: Any, path: str, **headers: str) -> Any:
    return client.get(path, base_url=HOST, headers={key.replace("_", "-"): value for key, value in headers.items()})


def put(client: Any, page: dict[str, Any], **headers: str) -> Any:
    sent = {key: page[key] for key in ("version", "pieces", "status", "seconds")}
    return client.put(f"/pages/{STORY}", base_url=HOST, json=sent, headers={key.replace("_", "-"): value for key, value in headers.items()})


def test_the_page_its_parts_and_the_list_are_served(client: Any) -> None:
    assert b"<title>pagesieve review</title>" in get(client, "/").data
    for name in ("app.js", "pieces.js", "sheet.js", "store.js", "app.css"):
        assert get(client, f"/reviewer/{name}").status_code == 200
    listed = get(client, "/pages").json
    assert listed["lists"]["review"] == [STORY]
    assert listed["unsure"] == 0.7


def test_a_page_is_opened_changed_and_saved(client: Any, root: Path) -> None:
    page = get(client, f"/pages/{STORY}").json
    page["pieces"][0][2] = 0
    answer = put(client, {**page, "status": "reviewed"}, Origin=HOST)
    assert answer.status_code == 200
    record = json.loads(label_file(root, SITE, "story").read_bytes())
    assert (record["status"], record["labels"][0]["role"]) == ("reviewed", "headline")
    assert get(client, f"/pages/{STORY}").json["version"] == answer.json["version"]


def test_a_stale_save_is_a_conflict_told_in_words(client: Any) -> None:
    page = get(client, f"/pages/{STORY}").json
    assert put(client, page | {"seconds": 3}).status_code == 200
    answer = put(client, page)
    assert answer.status_code == 409
    assert "has been changed since it was opened" in answer.json["error"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"Origin": HOST}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Site": "none"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
    ],
)
def test_what_another_sites_page_asks_is_refused(client: Any, root: Path, headers: dict[str, str], code: int) -> None:
    page = get(client, f"/pages/{STORY}").json
    before = label_file(root, SITE, "story").read_bytes()
    assert get(client, f"/pages/{STORY}", **headers).status_code == code
    assert put(client, {**page, "status": "reviewed"}, **headers).status_code == code
    assert (label_file(root, SITE, "story").read_bytes() == before) == (code == 403)


@pytest.mark.parametrize(
    ("host", "code"), [("127.0.0.1:8123", 200), ("localhost:8123", 200), ("evil.example:8123", 400), ("127.0.0.1.evil.example", 400)]
)
def test_a_foreign_name_for_this_machine_is_refused(client: Any, host: str, code: int) -> None:
    assert client.get("/pages", base_url=f"http://{host}").status_code == code
    assert client.get("/", base_url=f"http://{host}").status_code == code


@pytest.mark.parametrize("path", ["/pages/../secret.txt", "/pages/%2e%2e/secret.txt", "/pages/..%2f..%2fx/y.txt", "/pages//etc/passwd", "/html/../secret.txt", "/reviewer/../desk.py", "/reviewer/..%2fdesk.py", "/pages/near.example/none.txt"])  # fmt: skip
def test_nothing_outside_the_data_folder_is_served(client: Any, path: str) -> None:
    answer = get(client, path)
    assert answer.status_code in (308, 404)
    assert b"secret" not in answer.data.replace(b"secret.txt", b"").replace(b"secret.json", b"")


def test_a_scraped_page_may_neither_run_nor_load_anything(client: Any) -> None:
    answer = get(client, f"/html/{STORY}")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert b"data-pagesieve-role" in answer.data
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_every_answer_keeps_to_its_own(client: Any) -> None:
    for path in ("/", "/pages", "/reviewer/app.js", "/nothing"):
        headers = get(client, path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("sent", [[], {}, {"version": "x"}, "text"])
def test_a_save_that_is_none_is_told_in_words(client: Any, sent: Any) -> None:
    answer = client.put(f"/pages/{STORY}", base_url=HOST, json=sent)
    assert answer.status_code == 400
    assert "a save holds version, pieces, status and seconds" in answer.json["error"]
    assert client.put(f"/pages/{STORY}", base_url=HOST, data=b"x").status_code == 415


def test_a_page_that_cannot_be_read_is_told_in_words(client: Any, root: Path) -> None:
    label_file(root, SITE, "story").write_text("{")
    answer = get(client, f"/pages/{STORY}")
    assert answer.status_code == 400
    assert "story.json: not JSON" in answer.json["error"]


def test_the_program_names_what_keeps_it_from_serving(root: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "review", *folder(root), f"port={port}")
    assert done.returncode == 1
    assert f"port {port}: " in done.stderr
    assert "takes a free one" in done.stderr
    assert "no label files there" in run(tmp_path, "review", *folder(tmp_path / "none")).stderr
