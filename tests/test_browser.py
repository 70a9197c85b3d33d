"""The reviewer as a person has it: a real Chromium, a server in a process of its own, label files on disk."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import label_file, page_html, page_lines, write_page
from programs import folder

from pagesieve import corpus
from pagesieve.labeling import to_labels
from pagesieve.selection import DOUBTS

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("no chromium on this machine: apt-get install chromium", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]'")

# fmt: off
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP rebound.example 127.0.0.1"]
# fmt: on
PATIENCE = 10.0  # seconds
LONG = 2000  # segments
SITE = "near.example"

# The server; while the file named first is there, it stops in the middle of a save: written aside, not yet in its place.
SERVER = """
import os, sys, time
from pathlib import Path
from pagesieve import review
hold, replace = Path(sys.argv.pop(1)), os.replace
def slow(source, target):
    if hold.exists():
        hold.with_suffix(".held").touch()
        time.sleep(600)
    replace(source, target)
os.replace = slow
review.main()
"""


class Server:
    """`make review` for a data folder, in a process of its own."""

    def __init__(self, root: Path, model: Path) -> None:
        self.root, self.model, self.port = root, model, 0
        self.hold = root.parent / "hold"
        self.script = root.parent / "server.py"
        self.script.write_text(SERVER)
        self.start()

    def start(self) -> None:
        settings = [*folder(self.root), f"model_path={self.model}", "order=names", f"port={self.port}", "unsure=0.5"]
        command = [sys.executable, str(self.script), str(self.hold), *settings]
        self.process = subprocess.Popen(command, cwd=self.root.parent, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[0]
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.02)


@contextmanager
def stranger(page: str) -> Iterator[tuple[str, list[str]]]:
    """Another site on this machine that serves `page`; gives its address and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Proposed pages, one for each test that changes something."""
    root = tmp_path_factory.mktemp("review") / "data"
    for name in ("a-keys", "b-next", "c-kill", "d-edits", "e-mouse", "f-stale", "g-view", "h-foreign", "i-narrow", "j-stored", "k-touch"):
        write_page(root, SITE, name, page_lines(name, 1), status="proposed")
    write_page(root, SITE, "x-long", [("body", f"Line {i} of a page that does not end, by far.") for i in range(LONG)], status="proposed")
    write_page(
        root,
        SITE,
        "x-arabic",
        [("headline", "العبارة تغرق في الميناء"), ("body", "لم يصب أحد بأذى يوم الأحد")],
        status="proposed",
        language="ar",
    )
    write_page(
        root, SITE, "x-chinese", [("headline", "渡轮在港口沉没"), ("body", "🚢𠀀星期天没有人受伤。")], status="proposed", language="zh"
    )
    write_page(root, SITE, "x-wide", [("boilerplate", "x" * 4000), ("body", "A " * 300), ("teaser", " " * 80 + "Deep")], status="proposed")
    for path in (root / "labeled" / SITE).glob("*.json"):  # a range for each run of one role, as `make label` writes them
        document = corpus.read_one(root, path)
        corpus.change_labels(root, path, corpus.version(path), to_labels(document.segments, document.roles.tolist()))
    return root


@pytest.fixture(scope="module")
def server(root: Path, tiny_model: Path) -> Iterator[Server]:
    running = Server(root, tiny_model)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """A tab of a fresh profile; errors of the page's scripts fail the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def opened(tab: Any, server: Server, name: str, mode: str = "all") -> None:
    tab.goto(f"{server.address}#{mode}/{SITE}/{name}.txt")
    tab.wait_for_selector(".piece")


def press(tab: Any, keys: str) -> None:
    for key in keys.split():
        tab.keyboard.press(key)


def record(server: Server, name: str) -> dict[str, Any]:
    return json.loads(label_file(server.root, SITE, name).read_bytes())


def roles(server: Server, name: str) -> list[str]:
    """The role of each range on disk."""
    return [item["role"] for item in record(server, name)["labels"]]


def texts(server: Server, name: str) -> list[str]:
    text = (server.root / "raw" / SITE / f"{name}.txt").read_text(encoding="utf-8")
    return [text[item["start"] : item["end"]] for item in record(server, name)["labels"]]


def test_correct_by_keyboard_undo_redo_and_say_it_is_reviewed(tab: Any, server: Server) -> None:
    opened(tab, server, "a-keys", "review")
    before = roles(server, "a-keys")
    assert before[0] == "boilerplate"
    press(tab, "Shift+ArrowDown Shift+ArrowDown 8")
    until(lambda: roles(server, "a-keys") == ["comment", *before], "a range of three segments is saved")
    press(tab, "z")
    until(lambda: roles(server, "a-keys") == before, "undone, and that is saved too")
    press(tab, "Control+Shift+Z")
    until(lambda: roles(server, "a-keys") == ["comment", *before], "done again")
    assert record(server, "a-keys")["status"] == "proposed"
    tab.wait_for_timeout(1200)
    press(tab, "Enter")
    until(lambda: record(server, "a-keys")["status"] == "reviewed", "the person's word is saved")
    assert record(server, "a-keys")["review_seconds"] >= 1
    until(lambda: tab.text_content("#name").endswith("b-next"), "b-next is open")
    assert "1 of 15 reviewed, 14 to go" in tab.text_content("#count")
    press(tab, "[")
    until(lambda: tab.text_content("#name").endswith("a-keys"), "a-keys is open")
    press(tab, "r")
    until(lambda: record(server, "a-keys")["status"] == "proposed", "and can be taken back")
    press(tab, "x")
    until(lambda: tab.text_content("#name").endswith("b-next"), "b-next is open")
    assert record(server, "b-next")["status"] == "proposed"
    for _ in range(5):
        tab.keyboard.down("Enter")  # held down
    until(lambda: record(server, "b-next")["status"] == "reviewed", "one page is reviewed")
    tab.wait_for_timeout(500)
    assert "1 of 15 reviewed" in tab.text_content("#count")


def test_doubts_are_marked_and_gone_through(tab: Any, server: Server) -> None:
    (server.root / DOUBTS).write_text(
        json.dumps([{"page": f"{SITE}/i-narrow.txt", "start": 5, "end": 9, "role": "boilerplate", "said": "teaser", "doubted": 0.97}])
    )
    before = roles(server, "i-narrow")
    opened(tab, server, "i-narrow", "doubts")
    assert tab.text_content(".piece.cursor .hint") == "teaser? 97 %"
    assert tab.locator(".hint:visible").count() == 1
    press(tab, "7")
    until(lambda: roles(server, "i-narrow")[1] == "teaser", "the doubted label is changed")
    assert tab.locator(".hint:visible").count() == 0
    press(tab, "z Enter")
    until(lambda: "are looked through" in tab.text_content("#notice"), "the list is at its end")
    assert roles(server, "i-narrow") == before


def test_nothing_is_lost_when_the_server_is_killed_in_the_middle_of_a_save(tab: Any, root: Path, tiny_model: Path) -> None:
    server = Server(root, tiny_model)
    try:
        opened(tab, server, "c-kill")
        before = label_file(root, SITE, "c-kill").read_bytes()
        press(tab, "1")
        until(lambda: roles(server, "c-kill")[0] == "headline", "the first change is saved")
        server.hold.touch()
        saved = label_file(root, SITE, "c-kill").read_bytes()
        press(tab, "ArrowDown 3")
        until(server.hold.with_suffix(".held").exists, "a save is under way")
        server.kill()
        server.hold.unlink()
        assert label_file(root, SITE, "c-kill").read_bytes() == saved != before  # whole, as of the last save
        tab.wait_for_selector("#saved.trouble")
        assert "server does not answer" in tab.text_content("#notice")
        press(tab, "ArrowDown 4")  # work goes on

        server.start()
        until(lambda: roles(server, "c-kill")[:3] == ["headline", "caption", "meta"], "both changes are there after the restart")
        tab.wait_for_selector("#saved.saved")

        server.kill()
        press(tab, "ArrowDown 8")
        tab.wait_for_selector("#saved.trouble")
        tab.close()  # now the browser's page goes, too
        server.start()
        again = tab.context.new_page()
        opened(again, server, "c-kill")
        until(lambda: roles(server, "c-kill")[:4] == ["headline", "caption", "meta", "comment"], "the browser had kept it")
        press(again, "z")
        until(lambda: roles(server, "c-kill")[:4] == ["headline", "caption", "meta", "boilerplate"], "and it can be undone")
    finally:
        server.kill()


def test_changes_are_saved_where_the_browsers_store_is_switched_off(tab: Any, server: Server) -> None:
    tab.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } })")
    opened(tab, server, "j-stored")
    for keys, first in (("1", ["headline"]), ("ArrowDown 3", ["headline", "caption"]), ("z", ["headline", "boilerplate"])):
        press(tab, keys)
        until(lambda: roles(server, "j-stored")[: len(first)] == first, f"{keys} is saved")  # noqa: B023  # called at once
        tab.wait_for_selector("#saved.saved")


@pytest.mark.parametrize("pieces", ["[[0, 4, 0, 9999, 0]]", "[[0, 999999, 0, 0, 0]]", "[[0, 4, 99, 0, 0]]", "null"])
def test_what_the_browser_kept_of_another_page_is_dropped(tab: Any, server: Server, pieces: str) -> None:
    before = label_file(server.root, SITE, "h-foreign").read_bytes()
    name = f"pagesieve {server.root.resolve()} {SITE}/h-foreign.txt"
    kept = f'{{"version": "x", "pieces": {pieces}, "status": "proposed", "seconds": 1}}'
    opened(tab, server, "g-view")
    tab.evaluate("([name, kept]) => localStorage.setItem(name, kept)", [name, kept])
    press(tab, "g")
    tab.keyboard.type("h-foreign")
    press(tab, "Enter")
    until(lambda: "does not fit it any more" in tab.text_content("#notice"), "it is told")
    assert tab.evaluate("name => localStorage.getItem(name)", name) is None
    assert tab.locator(".piece").count() > 3
    assert label_file(server.root, SITE, "h-foreign").read_bytes() == before


def test_split_merge_ranges_search_and_marks_by_keyboard(tab: Any, server: Server) -> None:
    opened(tab, server, "d-edits")
    before = roles(server, "d-edits")
    lines = [text.strip() for _, text in page_lines("d-edits", 1) if text.strip()]
    press(tab, "/")
    tab.keyboard.type("by ")
    press(tab, "Escape")
    byline = tab.text_content(".piece.cursor .text")
    assert byline.startswith("By ")
    press(tab, "s ArrowRight Enter")  # after the second word
    until(lambda: byline[: byline.index(" ", 3)] in texts(server, "d-edits"), "the byline is two ranges")
    press(tab, "ArrowDown 5")
    until(lambda: "boilerplate" in roles(server, "d-edits")[2:4], "its end has a role of its own")
    press(tab, "m")
    until(lambda: roles(server, "d-edits") == before, "merged again, with the first part's role")
    press(tab, "Home e")
    assert tab.locator(".piece.chosen").count() == 5  # the menu is one range
    press(tab, "Home ArrowDown s Home Enter")
    until(lambda: texts(server, "d-edits")[0] == lines[0], "a range of its own begins at the second line")
    press(tab, "n")
    if tab.locator(".hint:visible").count():
        place = tab.get_attribute(".piece.cursor", "id")
        role = 1 + ["headline", "body", "caption", "meta", "boilerplate", "teaser heading", "teaser", "comment"].index(
            tab.get_attribute(".piece.cursor", "aria-label").split(",")[0]
        )
        press(tab, str(role))
        assert not tab.locator(f"#{place} .hint").is_visible()  # confirmed


def test_mouse_and_buttons_do_the_same(tab: Any, server: Server) -> None:
    opened(tab, server, "e-mouse")
    rows = tab.locator(".piece .cell")
    rows.nth(0).hover()
    tab.mouse.down()
    rows.nth(3).hover()
    tab.mouse.up()
    assert tab.locator(".piece.chosen").count() == 4
    tab.click("#roles >> text=meta")
    until(lambda: roles(server, "e-mouse")[:2] == ["meta", "boilerplate"], "four lines dragged over are meta")
    rows.nth(1).click()
    rows.nth(2).click(modifiers=["Shift"])
    tab.click("#roles >> text=comment")
    until(lambda: roles(server, "e-mouse")[:4] == ["meta", "comment", "meta", "boilerplate"], "two lines are comment")
    tab.click("#undo")
    tab.click("#undo")
    until(lambda: roles(server, "e-mouse")[0] == "boilerplate", "undone")
    body = tab.locator(".piece.body .text").first
    box = body.bounding_box()
    body.dblclick(position={"x": box["width"] / 2, "y": 10})
    tab.click("#split")
    whole = next(text.strip() for role, text in page_lines("e-mouse", 1) if role == "body")
    until(lambda: any(text != whole and whole.startswith(text) for text in texts(server, "e-mouse")), "cut under the mouse")


def test_a_save_over_somebody_elses_is_refused_until_the_person_decides(tab: Any, server: Server) -> None:
    opened(tab, server, "f-stale")
    path = label_file(server.root, SITE, "f-stale")
    theirs = json.loads(path.read_bytes()) | {"source": "somebody else"}
    path.write_text(json.dumps(theirs))
    press(tab, "8")
    tab.wait_for_selector("#saved.trouble")
    assert "has been changed since it was opened" in tab.text_content("#notice")
    assert json.loads(path.read_bytes()) == theirs
    press(tab, "Enter")  # does not leave the page
    assert tab.text_content("#name").endswith("f-stale")
    tab.click("text=Keep mine")
    until(lambda: roles(server, "f-stale")[0] == "comment", "the person's labels are written")
    assert record(server, "f-stale")["source"] == "somebody else"
    path.write_text(json.dumps(theirs))
    press(tab, "ArrowDown 1")
    tab.click("text=Take the file's labels")
    tab.wait_for_selector("#saved.saved")
    assert json.loads(path.read_bytes()) == theirs
    assert tab.locator(".piece.comment.first").count() == 1  # the thread below, not the first line


def test_two_thousand_segments_do_not_lag(tab: Any, server: Server) -> None:
    started = time.monotonic()
    opened(tab, server, "x-long")
    assert tab.locator(".piece").count() == LONG
    to_open = time.monotonic() - started
    # from the key to the frame after next, by when all is drawn
    tab.evaluate("""() => { window.timed = (key, shiftKey = false) => new Promise((done) => {
        const from = performance.now();
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - from)));
    }); }""")
    times = {}
    for what, key, shift in [("down", "ArrowDown", False), ("role", "3", False), ("undo", "z", False), ("end", "End", False), ("split", "s", False),
                             ("cut", "Enter", False), ("merge", "m", False), ("home", "Home", True), ("all", "4", False), ("undo all", "z", False)]:  # fmt: skip
        times[what] = tab.evaluate("([key, shift]) => window.timed(key, shift)", [key, shift])
    print(f"opened in {to_open:.2f} s;", ", ".join(f"{what} {ms:.0f} ms" for what, ms in times.items()))
    assert to_open < 5
    assert max(times[what] for what in ("down", "role", "undo", "end", "split")) < 300  # generous: two frames are 33 ms
    assert max(times.values()) < 1500


def test_right_to_left_text_reads_and_is_split_as_the_eye_goes(tab: Any, server: Server) -> None:
    opened(tab, server, "x-arabic")
    assert tab.evaluate("getComputedStyle(document.querySelector('.piece .text')).direction") == "rtl"
    press(tab, "s ArrowLeft Enter")
    until(lambda: texts(server, "x-arabic")[:2] == ["العبارة تغرق", "في الميناء"], "cut after the second word")


def test_chinese_is_split_by_words_and_characters_beyond_the_basic_plane_count_once(tab: Any, server: Server) -> None:
    opened(tab, server, "x-chinese")
    press(tab, "s Enter 1")
    until(lambda: "".join(texts(server, "x-chinese")[:2]) == "渡轮在港口沉没", "the headline is cut at a word")
    press(tab, "End s Home Shift+ArrowRight Shift+ArrowRight Enter")
    until(lambda: texts(server, "x-chinese")[-2:] == ["🚢𠀀", "星期天没有人受伤。"], "cut after the second character")


def test_a_page_that_cannot_be_opened_is_named_and_passed_over(tab: Any, server: Server) -> None:
    raw = server.root / "raw" / SITE / "x-bad.txt"
    write_page(server.root, SITE, "x-bad", [("body", "Row on.")])
    raw.write_text("changed since")
    opened(tab, server, "x-arabic")
    press(tab, "]")
    until(lambda: tab.text_content("#name").endswith("x-chinese"), "the page after the bad one is open")
    assert "x-bad.txt cannot be opened" in tab.text_content("#notice")
    assert "has changed since it was labelled" in tab.text_content("#notice")
    raw.unlink()
    label_file(server.root, SITE, "x-bad").unlink()


def test_html_beside_the_text_runs_and_loads_nothing(tab: Any, server: Server) -> None:
    with stranger("") as (address, asked):
        html = f"<script>document.title='ran';fetch('{address}/js')</script><link rel=stylesheet href={address}/css><link rel=preconnect href={address}>"
        html += f"<meta http-equiv=refresh content='0;url={address}/refresh'><style>@import '{address}/import';p{{background:url({address}/bg)}}</style>"
        html += f"<img src={address}/img onerror=\"fetch('{address}/onerror')\"><iframe src={address}/frame></iframe><p>Row on</p><a href={address}/link>link</a>"
        (server.root / "raw" / SITE / "g-view.html").write_text(html)
        opened(tab, server, "g-view")
        press(tab, "h")
        frame = tab.frame_locator("#html")
        frame.locator("p", has_text="Row on").wait_for()
        frame.locator("a").click()
        tab.wait_for_timeout(500)
        assert asked == []


def test_the_html_follows_the_cursor(tab: Any, server: Server) -> None:
    (server.root / "raw" / SITE / "b-next.html").write_text(page_html(page_lines("b-next", 1)))
    opened(tab, server, "b-next")
    press(tab, "h End")
    target = tab.frame_locator("#html").locator(":target")
    until(lambda: target.count() and target.text_content() == tab.text_content(".piece.cursor .text"), "the last line is marked")
    press(tab, "Home")
    until(lambda: target.text_content() == "Home", "and now the first")


def test_another_sites_page_can_neither_read_nor_write(tab: Any, server: Server) -> None:
    before = label_file(server.root, SITE, "h-foreign").read_bytes()
    page = f"{server.address}pages/{SITE}/h-foreign.txt"
    with stranger(f"<iframe src='{server.address}'></iframe>") as (address, _):
        tab.goto(address)
        ask = "async ([url, options]) => { try { const r = await fetch(url, options); return [r.type, r.status, await r.text()]; } catch { return 'refused'; } }"
        body = json.dumps(
            {"version": corpus.version(label_file(server.root, SITE, "h-foreign")), "pieces": [], "status": "reviewed", "seconds": 0}
        )
        assert tab.evaluate(ask, [page, {}]) == "refused"
        assert tab.evaluate(ask, [page, {"mode": "no-cors"}]) in ("refused", ["opaque", 0, ""])
        assert tab.evaluate(ask, [page, {"method": "PUT", "body": body, "headers": {"Content-Type": "application/json"}}]) == "refused"
        assert tab.evaluate(ask, [page, {"method": "POST", "body": body, "mode": "no-cors"}]) in ("refused", ["opaque", 0, ""])
        assert tab.frames[1].locator(".piece").count() == 0
    assert tab.goto(f"http://rebound.example:{server.port}/").status == 400  # a foreign name that leads to this machine
    assert label_file(server.root, SITE, "h-foreign").read_bytes() == before


@pytest.mark.parametrize("name", ["i-narrow", "x-wide", "x-arabic"])
def test_a_narrow_screen_needs_no_sideways_scrolling(chromium: Any, server: Server, name: str) -> None:
    context = chromium.new_context(viewport={"width": 340, "height": 640}, has_touch=True)
    tab = context.new_page()
    opened(tab, server, name)
    assert tab.evaluate("document.documentElement.scrollWidth") == 340
    assert tab.evaluate("(sheet => sheet.scrollWidth - sheet.clientWidth)(document.querySelector('#sheet'))") == 0
    assert tab.evaluate("document.querySelector('#sheet').clientHeight") > 250
    rows = tab.locator(".piece .cell")
    rows.nth(0).tap()
    tab.tap("#extend")
    rows.nth(1).tap()
    assert tab.locator(".piece.chosen").count() == 2
    tab.tap("#roles >> text=comment")
    until(lambda: roles(server, name)[0] == "comment", "tapped")
    context.close()


def test_a_touch_screen_begins_ranges_and_takes_reviewed_back(chromium: Any, server: Server) -> None:
    context = chromium.new_context(viewport={"width": 340, "height": 640}, has_touch=True)
    tab = context.new_page()
    opened(tab, server, "k-touch")
    before = texts(server, "k-touch")
    assert tab.is_disabled("#apart")  # a range begins at the first line as it is
    assert not tab.is_visible("#unreview")
    tab.locator(".piece .cell").nth(1).tap()
    tab.tap("#apart")
    until(lambda: len(texts(server, "k-touch")) == len(before) + 1, "a range of its own begins at the second line")
    assert "".join(texts(server, "k-touch")[:2]) == before[0].replace("\n", "", 1)
    assert tab.is_disabled("#apart")
    tab.tap("#done")
    until(lambda: record(server, "k-touch")["status"] == "reviewed", "reviewed")
    tab.goto("about:blank")
    opened(tab, server, "k-touch")
    tab.tap("#unreview")
    until(lambda: record(server, "k-touch")["status"] == "proposed", "and taken back")
    assert not tab.is_visible("#unreview")
    context.close()
