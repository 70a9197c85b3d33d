// The reviewer: what is open, what is chosen, and what keys and clicks do to it.

import { assign, joined, merge, parse, plain, range, split } from "./pieces.js";
import { Sheet } from "./sheet.js";
import { Store, address, ask } from "./store.js";

const IDLE = 60_000; // ms without a key or click after which the clock stands
const STEP = 15; // segments that Page Up and Page Down go
const MATCHES = 300; // pages listed at once when looking for one
const MILLE = 1000; // probabilities come as whole thousandths

const $ = (id) => document.getElementById(id);
const desk = await ask("/pages");
const sheet = new Sheet($("sheet"), desk.roles);
const store = new Store(desk.root, saving);
const words = new Intl.Segmenter(undefined, { granularity: "word" });

let list = desk.lists.review.length ? "review" : "all";
let page = null; // as the server gave it, with `chars`
let status = "proposed";
let pieces = [];
let cursor = 0;
let anchor = 0;
let knife = null; // place where a segment is about to be split
let extending = false;
let past = [];
let future = [];
let seconds = 0;
let active = Date.now();
let turning = false; // whether a page is being left and another opened
const seen = new Set(); // pages gone through in this session

// ------------------------------------------------------------------------------------------------------------- drawing

const chosen = () => [Math.min(anchor, cursor), Math.max(anchor, cursor)];
const roleName = (role) => desk.roles[role].replace("_", " ");

// What is unsure about a piece: the model's word, or in the list of doubts what models of other sites say.
function hint(piece) {
  if (piece.decided) return null;
  if (list === "doubts") {
    const doubt = page.doubtAt.get(piece.segment);
    const holds = doubt && desk.roles[piece.role] === doubt.role;
    return holds ? { text: `${doubt.said.replace("_", " ")}? ${Math.round(doubt.doubted * 100)} %`, other: true } : null;
  }
  const chances = page.chances[piece.segment];
  if (chances[piece.role] >= desk.unsure * MILLE) return null;
  const said = page.said[piece.segment];
  return { text: `${roleName(said)}? ${Math.round((chances[said] / MILLE) * 100)} %`, other: said !== piece.role };
}

function draw() {
  if (!page) return;
  sheet.draw(pieces, chosen(), cursor, knife, hint);
  const [from, to] = chosen();
  const roles = new Set(pieces.slice(from, to + 1).map((p) => p.role));
  for (const button of $("roles").children) button.setAttribute("aria-pressed", String(roles.has(Number(button.dataset.role))));
  $("extend").setAttribute("aria-pressed", String(extending));
  $("split").setAttribute("aria-pressed", String(knife !== null));
  $("split").textContent = knife === null ? "Split" : "Cut here";
  $("apart").disabled = !joined(pieces, cursor);
  $("undo").disabled = !past.length;
  $("redo").disabled = !future.length;
  $("unsure").disabled = !pieces.some(hint);
  follow();
}

function drawHead() {
  const names = desk.lists[list];
  const pages = Object.values(desk.pages);
  const done = pages.filter((p) => p.status === "reviewed").length;
  const left = list === "doubts" ? names.filter((n) => !seen.has(n)).length : names.filter((n) => desk.pages[n].status === "proposed").length;
  const times = pages.filter((p) => p.status === "reviewed" && p.seconds).map((p) => p.seconds).sort((a, b) => a - b);
  $("bar").max = pages.length || 1;
  $("bar").value = done;
  $("count").textContent = `${done} of ${pages.length} reviewed, ${left} to go`;
  $("count").title = times.length ? `Half of ${times.length} pages took less than ${minutes(times[times.length >> 1])}` : "";
  $("list").value = list;
  $("name").textContent = page ? page.name.replace(/\.txt$/, "") : "no page";
  $("language").textContent = page?.language ?? "";
  $("status").textContent = page ? status : "";
  $("status").className = `badge ${status}`;
  $("view").disabled = !page?.html;
  $("unreview").hidden = status !== "reviewed" || !page;
  $("done").disabled = $("skip").disabled = $("next").disabled = $("previous").disabled = !page;
  document.title = page ? `${page.name} – pagesieve review` : "pagesieve review";
}

const minutes = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

function saving(state, message) {
  const shown = { saved: "✓ saved", saving: "saving …", offline: "not saved", failed: "not saved", stale: "not saved" };
  $("saved").textContent = shown[state];
  $("saved").className = state === "saved" || state === "saving" ? state : "trouble";
  if (state === "offline") notice("The server does not answer. Your changes are kept in this browser and sent as soon as it does; start it again with make review.");
  else if (state === "failed") notice(`Not saved: ${message}`);
  else if (state === "stale") {
    notice(message || $("notice").dataset.said, [
      ["Take the file's labels", () => open(page.name, { drop: true })],
      ["Keep mine", async () => store.overrule((await ask(address(page.name))).version)],
    ]);
  } else notice("");
  if (state === "saved" && page) {
    Object.assign(desk.pages[page.name], { status, seconds });
    drawHead();
  }
}

function notice(message, choices = []) {
  $("notice").hidden = !message;
  $("notice").dataset.said = message;
  const buttons = choices.map(([words, act]) => button(words, act));
  $("notice").replaceChildren(message, ...buttons);
}

function button(words, act) {
  const made = document.createElement("button");
  made.textContent = words;
  made.addEventListener("click", () => Promise.resolve(act()).catch((error) => notice(error.message)));
  return made;
}

// --------------------------------------------------------------------------------------------------------------- pages

// Show a page; gives what is wrong with it, "" if it could be opened.
async function open(name, { drop = false } = {}) {
  const answer = await ask(address(name)).catch((error) => ({ error }));
  if (answer.error) {
    const fault = `${name} cannot be opened: ${answer.error.message}`;
    notice(fault);
    return fault;
  }
  page = { ...answer, chars: [...answer.text], followed: null };
  pieces = parse(page.pieces);
  page.doubtAt = new Map(page.doubts.map((d) => [pieces.find((p) => p.start <= d.start && d.start < p.end)?.segment, d]));
  ({ status, seconds } = page);
  [past, future, knife, extending] = [[], [], null, false];
  active = Date.now();
  sheet.open(page.chars);
  store.open(name, page.version);
  if (drop) store.forget(name);
  else restore(store.draft(name));
  cursor = anchor = Math.max(0, list === "doubts" ? pieces.findIndex(hint) : 0);
  history.replaceState(null, "", `#${list}/${encodeURI(name)}`);
  $("find").value = "";
  light();
  showHtml();
  draw();
  drawHead();
  if (!pieces.length) sheet.element.replaceChildren(empty("This page has no text."));
  sheet.element.scrollTop = 0;
  sheet.show(cursor);
  sheet.element.focus({ preventScroll: true });
  return "";
}

// Changes that were not on disk when the browser or the server ended.
function restore(draft) {
  if (!draft) return;
  if (!fits(draft)) {
    notice("What this browser kept of the page does not fit it any more; the file's labels hold.");
    return store.forget(page.name);
  }
  const same = JSON.stringify([draft.pieces, draft.status]) === JSON.stringify([page.pieces, page.status]);
  if (same) return store.forget(page.name);
  past = [{ pieces, cursor: 0 }];
  pieces = parse(draft.pieces);
  ({ status, seconds } = draft);
  store.version = draft.version;
  changed();
  store.flush();
}

// Whether a draft is of this page, cut into segments as it is now.
const fits = (draft) =>
  Array.isArray(draft.pieces) &&
  draft.pieces.every(([start, end, role, segment]) => start < end && end <= page.chars.length && desk.roles[role] && segment in page.said);

function empty(text) {
  const made = document.createElement("div");
  made.className = "empty";
  made.innerHTML = text;
  return made;
}

function nothing() {
  page = null;
  pieces = [];
  cursor = anchor = 0;
  sheet.clear();
  showHtml();
  drawHead();
  const say = {
    review: "<h2>Nothing waits for review</h2><p><code>make label ARGS=\"pages=folder\"</code> brings pages and proposes labels; reload then.</p>",
    doubts: "<h2>No doubts</h2><p><code>make label ARGS=\"mode=doubt\"</code> lists labels that models of other sites doubt; reload then.</p>",
    all: "<h2>No pages</h2>",
  };
  sheet.element.replaceChildren(empty(say[list]));
}

async function leave() {
  if (!page) return true;
  knife = null;
  return store.flush();
}

// Turning pages takes a moment, in which nothing else may happen to either of them.
const turn = (act) => async (...given) => {
  if (turning) return;
  turning = true;
  try {
    await act(...given);
  } finally {
    turning = false;
  }
};

async function goBy(by) {
  if (!(await leave())) return;
  const names = desk.lists[list];
  const faults = []; // of pages that are passed over
  for (let place = names.indexOf(page?.name) + by; names[place]; place += by) {
    const fault = await open(names[place]);
    if (!fault) return faults.length && notice(faults.join(" "));
    faults.push(fault);
  }
  notice(faults.join(" ") || (by > 0 ? "That was the last page of this list." : "This is the first page of this list."));
}

async function skipPage() {
  const names = desk.lists[list];
  const place = names.indexOf(page.name);
  if (!(await leave())) return;
  if (place < 0 || place === names.length - 1) return goBy(1);
  names.push(...names.splice(place, 1));
  await open(names[place]);
}

// The person's word, and the only thing that makes a page a reviewed one.
async function reviewed() {
  seen.add(page.name);
  status = "reviewed";
  changed();
  drawHead();
  if (!(await leave())) return;
  const names = desk.lists[list];
  const later = names.slice(names.indexOf(page.name) + 1);
  const waits = (name) => (list === "doubts" ? !seen.has(name) : desk.pages[name].status === "proposed");
  const next = later.find(waits) ?? names.find(waits);
  if (next) return open(next);
  notice(list === "doubts" ? "All pages of this list are looked through." : "All pages of this list are reviewed.");
}

function unreview() {
  status = "proposed";
  changed();
  drawHead();
}

async function chooseList(wanted) {
  if (!(await leave())) return drawHead();
  list = wanted;
  const [first] = desk.lists[list];
  if (first) await open(first);
  else {
    history.replaceState(null, "", `#${list}/`);
    nothing();
  }
}

const [go, skip, review, choose] = [goBy, skipPage, reviewed, chooseList].map(turn);

const htmlShown = () => Boolean(page?.html) && $("view").getAttribute("aria-pressed") === "true";

async function showHtml() {
  const frame = $("html");
  frame.hidden = !htmlShown();
  if (!htmlShown()) return frame.removeAttribute("src");
  const shown = page;
  shown.places ??= await ask(address(shown.name, "places")).catch(() => []);
  if (page !== shown || !htmlShown()) return; // by now another page is open
  shown.followed = null; // until it is loaded there is nothing to follow in
  frame.onload = () => {
    shown.followed = -1;
    follow();
  };
  frame.src = address(shown.name, "html");
}

// Bring what the cursor is at into view in the HTML, too.
function follow() {
  const place = htmlShown() ? (page.places?.[pieces[cursor]?.segment] ?? -1) : -1;
  if (place < 0 || page.followed === null || place === page.followed) return;
  page.followed = place;
  $("html").contentWindow.location.replace(`${address(page.name, "html")}#pagesieve-${place}`);
}

function toggleHtml() {
  $("view").setAttribute("aria-pressed", String($("view").getAttribute("aria-pressed") !== "true"));
  showHtml();
}

// --------------------------------------------------------------------------------------------------------------- edits

function changed() {
  store.change({ pieces: plain(pieces), status, seconds });
}

function edit(next, place = cursor, other = place) {
  if (next === pieces || turning) return;
  past.push({ pieces, cursor, anchor });
  future = [];
  pieces = next;
  [cursor, anchor, knife, extending] = [place, other, null, false];
  changed();
  light();
  draw();
}

function travel(from, to) {
  if (!from.length || turning) return;
  to.push({ pieces, cursor, anchor });
  ({ pieces, cursor, anchor = cursor } = from.pop());
  knife = null;
  changed();
  light();
  draw();
  sheet.show(cursor);
}

const undo = () => travel(past, future);
const redo = () => travel(future, past);

function setRole(role) {
  const [from, to] = chosen();
  edit(assign(pieces, from, to, role), cursor, anchor);
}

function join() {
  let [from, to] = chosen();
  if (from === to) from -= 1;
  if (from >= 0) edit(merge(pieces, from, to), from);
}

// A range of its own begins at the segment.
function apart() {
  if (joined(pieces, cursor)) edit(split(pieces, cursor, pieces[cursor].start, page.chars));
}

function startSplit(place = pieces[cursor].start) {
  anchor = cursor;
  knife = place;
  if (place === pieces[cursor].start) moveKnife(1);
  else draw();
}

// Word by word, or character by character: where a word begins or a mark of punctuation ends.
function moveKnife(by, single = false) {
  const { start, end } = pieces[cursor];
  let places = Array.from({ length: end - start }, (_, i) => start + i);
  if (!single) {
    const begins = new Set([start]);
    let place = start;
    for (const { segment } of words.segment(page.chars.slice(start, end).join(""))) {
      if (segment.trim()) begins.add(place);
      place += [...segment].length;
    }
    places = [...begins];
  }
  const next = by > 0 ? places.find((p) => p > knife) : places.findLast((p) => p < knife);
  knife = next ?? knife;
  draw();
}

function move(to, extend = false) {
  if (!pieces.length) return;
  cursor = Math.max(0, Math.min(pieces.length - 1, to));
  if (!extend && !extending) anchor = cursor;
  knife = null;
  draw();
  sheet.show(cursor);
}

function nextUnsure(by) {
  const places = pieces.map((p, i) => (hint(p) ? i : -1)).filter((i) => i >= 0);
  const next = by > 0 ? places.find((i) => i > cursor) : places.findLast((i) => i < cursor);
  if (next !== undefined) move(next);
}

function wholeRange() {
  const [from, to] = range(pieces, cursor);
  [anchor, cursor, knife] = [from, to, null];
  draw();
}

// -------------------------------------------------------------------------------------------------------------- search

function light() {
  const wanted = $("find").value.trim();
  const pattern = wanted && new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+"), "giu");
  if (page) draw();
  const found = sheet.light(pattern);
  $("found").textContent = wanted ? `${found.length} found` : "";
  return found;
}

function search(by, here = false) {
  const found = light();
  const next = by > 0 ? (found.find((i) => (here ? i >= cursor : i > cursor)) ?? found[0]) : (found.findLast((i) => i < cursor) ?? found.at(-1));
  if (next !== undefined) move(next);
}

// ---------------------------------------------------------------------------------------------------------------- keys

const KEYS = [
  ["↓ ↑ or j k", "next, previous segment; with Shift the selection grows; Page Down, Page Up, Home, End"],
  ["1 … 8", `give what is selected a role: ${desk.roles.map((_, i) => `${i + 1} ${roleName(i)}`).join(", ")}`],
  ["n N", "next, previous marked segment; its role's number confirms it"],
  ["e", "select the whole range around the segment"],
  ["s", "split: ← → by words, with Shift by characters, Enter cuts, Esc leaves"],
  ["m", "merge with the segment above, or all that is selected"],
  ["z y", "undo, redo (also Ctrl+Z, Ctrl+Y)"],
  ["Enter", "this page is reviewed; go to the next one"],
  ["r", "take “reviewed” back"],
  ["] [", "next, previous page, as they are"],
  ["x", "skip: to the end of the list"],
  ["/", "search; Enter next, Shift+Enter previous, Esc leaves"],
  ["g", "go to a page by its name"],
  ["h", "the page's HTML beside its text"],
  ["v", "range: the next click or arrow makes the selection grow (as with Shift)"],
  ["?", "these keys"],
];

const COMMANDS = {
  ArrowDown: (e) => move(cursor + 1, e.shiftKey), ArrowUp: (e) => move(cursor - 1, e.shiftKey),
  j: () => move(cursor + 1), k: () => move(cursor - 1), J: () => move(cursor + 1, true), K: () => move(cursor - 1, true),
  PageDown: (e) => move(cursor + STEP, e.shiftKey), PageUp: (e) => move(cursor - STEP, e.shiftKey),
  Home: (e) => move(0, e.shiftKey), End: (e) => move(pieces.length - 1, e.shiftKey),
  n: () => nextUnsure(1), N: () => nextUnsure(-1), e: wholeRange, s: () => startSplit(), m: join, z: undo, y: redo,
  Enter: review, r: unreview, "]": () => go(1), "[": () => go(-1), x: skip, h: toggleHtml,
  v: () => { extending = !extending; draw(); },
  Escape: () => { anchor = cursor; extending = false; draw(); },
};

const ANYWHERE = { "/": () => $("find").select(), g: findPage, "?": () => $("keys").showModal() };

const CUTTING = {
  ArrowRight: (e) => moveKnife(rightwards(), e.shiftKey), ArrowLeft: (e) => moveKnife(-rightwards(), e.shiftKey),
  Home: () => { knife = pieces[cursor].start; draw(); },
  Enter: () => { const next = split(pieces, cursor, knife, page.chars); knife = null; edit(next); draw(); },
  Escape: () => { knife = null; draw(); },
};

// Arrow keys go as the eye does: in a line written from right to left, the left arrow goes forward.
const rightwards = () => (getComputedStyle(sheet.order[cursor].row.text).direction === "rtl" ? -1 : 1);

document.addEventListener("keydown", (event) => {
  active = Date.now();
  if (turning || (event.repeat && "Enter[]xr".includes(event.key))) return; // a key held down is no word about page after page
  if (event.target.closest("input, select, dialog")) return;
  if (event.target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
  if (event.ctrlKey || event.metaKey) {
    const act = { z: event.shiftKey ? redo : undo, Z: redo, y: redo }[event.key];
    if (act) event.preventDefault();
    return act?.();
  }
  if (event.altKey) return;
  const role = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
  let act = ANYWHERE[event.key];
  if (page && pieces.length) {
    act ??= (knife !== null && CUTTING[event.key]) || COMMANDS[event.key];
    if (role >= 0 && role < desk.roles.length) act = () => setRole(role);
  } else if (page) act ??= ["Enter", "r", "]", "[", "x"].includes(event.key) ? COMMANDS[event.key] : undefined;
  if (!act) return;
  event.preventDefault();
  act(event);
});

// --------------------------------------------------------------------------------------------------------------- mouse

let dragging = false;
$("sheet").addEventListener("pointerdown", (event) => {
  active = Date.now();
  const place = sheet.placeOf(event.target);
  if (place === null || event.button) return;
  if (knife !== null && place === cursor) {
    knife = sheet.under(event.clientX, event.clientY, pieces[cursor]) ?? knife;
    return draw();
  }
  if (event.pointerType === "mouse") {
    event.preventDefault(); // no selection of text
    $("sheet").focus({ preventScroll: true });
    dragging = true;
    pick(place, event.shiftKey);
  }
});
$("sheet").addEventListener("pointermove", (event) => {
  const place = dragging ? sheet.placeOf(document.elementFromPoint(event.clientX, event.clientY) ?? event.target) : null;
  if (place !== null && place !== cursor) pick(place, true);
});
addEventListener("pointerup", () => { dragging = false; });
$("sheet").addEventListener("click", (event) => {
  const place = sheet.placeOf(event.target);
  if (event.pointerType !== "mouse" && place !== null && (knife === null || place !== cursor)) pick(place, event.shiftKey);
});
$("sheet").addEventListener("dblclick", (event) => {
  if (sheet.placeOf(event.target) === cursor) startSplit(sheet.under(event.clientX, event.clientY, pieces[cursor]) ?? undefined);
});

function pick(place, extend) {
  cursor = place;
  if (!extend && !extending) anchor = place;
  knife = null;
  draw();
}

const CLICKS = {
  undo, redo, view: toggleHtml, help: () => $("keys").showModal(), previous: () => go(-1), next: () => go(1), skip, done: review, name: findPage,
  extend: COMMANDS.v, apart, unreview, merge: join, unsure: () => nextUnsure(1),
  split: () => (knife === null ? startSplit() : CUTTING.Enter()),
};
for (const [id, act] of Object.entries(CLICKS)) {
  $(id).addEventListener("click", () => {
    active = Date.now();
    act();
    if (!document.querySelector("dialog[open]")) $("sheet").focus({ preventScroll: true });
  });
}
$("list").addEventListener("change", () => choose($("list").value));
$("find").addEventListener("input", () => search(1, true));
$("find").addEventListener("keydown", (event) => {
  if (event.key === "Enter") search(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") {
    $("find").value = "";
    light();
    $("sheet").focus();
  }
});

desk.roles.forEach((role, i) => {
  const made = button("", () => {
    setRole(i);
    $("sheet").focus({ preventScroll: true });
  });
  const key = document.createElement("kbd");
  key.textContent = i + 1;
  made.append(key, roleName(i));
  made.className = `role ${role}`;
  made.dataset.role = i;
  made.title = `${desk.labels[role]} (${i + 1})`;
  $("roles").append(made);
});
for (const [keys, what] of KEYS) {
  const row = $("table").insertRow();
  row.insertCell().append(...keys.split(" ").flatMap((key) => (key === "or" || key === "…" ? [` ${key} `] : [Object.assign(document.createElement("kbd"), { textContent: key }), " "])));
  row.insertCell().textContent = what;
}

// ---------------------------------------------------------------------------------------------------- going to a page

function findPage() {
  $("wanted").value = "";
  listMatches();
  $("go").showModal();
}

function listMatches() {
  const wanted = $("wanted").value.toLowerCase();
  const names = Object.keys(desk.pages).filter((name) => name.toLowerCase().includes(wanted)).slice(0, MATCHES);
  $("matches").replaceChildren(...names.map((name) => new Option(`${desk.pages[name].status === "reviewed" ? "✓" : "·"} ${name}`, name)));
  $("matches").selectedIndex = 0;
}

const goTo = turn(async (name) => {
  $("go").close();
  if (!name || !(await leave())) return;
  if (!desk.lists[list].includes(name)) list = "all";
  await open(name);
});

$("wanted").addEventListener("input", listMatches);
$("go").addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    event.preventDefault();
    goTo($("matches").value);
  }
  if (event.key === "ArrowDown" && event.target === $("wanted")) $("matches").focus();
});
$("matches").addEventListener("dblclick", () => goTo($("matches").value));

// ---------------------------------------------------------------------------------------------------------- the clock

setInterval(() => {
  if (document.hidden || !page || Date.now() - active > IDLE) return;
  seconds += 1;
  $("clock").textContent = minutes(seconds);
}, 1000);
document.addEventListener("visibilitychange", () => document.hidden && store.flush());

// -------------------------------------------------------------------------------------------------------------- begin

const [, asked, name] = /^#(review|doubts|all)\/(.*)$/.exec(decodeURI(location.hash)) ?? [];
if (asked) list = asked;
if (desk.pages[name]) await open(name);
if (!page && desk.lists[list].length) await go(1);
if (!page && !desk.lists[list].length) nothing();
if (desk.faults.length) notice(`${desk.faults.length} label files cannot be used: ${desk.faults[0]}; make check-data lists them.`);
