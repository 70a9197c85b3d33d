// Draws a page's pieces, a row each. Only rows that look otherwise than before are touched, so that long pages stay quick.

import { joined } from "./pieces.js";

export class Sheet {
  constructor(element, roles) {
    this.element = element;
    this.roles = roles;
    this.clear();
  }

  clear() {
    this.element.replaceChildren();
    this.rows = new Map(); // by the place where the piece starts
    this.order = [];
  }

  open(chars) {
    this.clear();
    this.chars = chars;
  }

  // `chosen` [from, to], `cursor` and `knife` (a place, or null) say what is marked, `hint(piece)` {text, other} or null.
  draw(pieces, chosen, cursor, knife, hint) {
    const rows = new Map();
    const order = pieces.map((piece, i) => {
      const row = this.rows.get(piece.start) ?? this.row();
      this.rows.delete(piece.start);
      rows.set(piece.start, row);
      row.place = i;
      const marks = {
        first: !joined(pieces, i),
        last: i + 1 === pieces.length || !joined(pieces, i + 1),
        chosen: i >= chosen[0] && i <= chosen[1],
        cursor: i === cursor,
        splitting: i === cursor && knife !== null,
      };
      this.dress(row, piece, i ? pieces[i - 1].end : 0, marks, hint(piece));
      this.write(row, piece, marks.splitting ? knife : null);
      return row.element;
    });
    for (const row of this.rows.values()) row.element.remove();
    order.forEach((element, i) => {
      if (this.element.children[i] !== element) this.element.insertBefore(element, this.element.children[i] ?? null);
    });
    Object.assign(this, { rows, order });
    this.element.setAttribute("aria-activedescendant", order[cursor]?.id ?? "");
  }

  row() {
    const [element, tag, cell, text, hint] = ["div", "span", "span", "span", "span"].map((kind) => document.createElement(kind));
    element.setAttribute("role", "option");
    [tag.className, cell.className, text.className, hint.className] = ["tag", "cell", "text", "hint"];
    text.dir = "auto";
    cell.append(text, hint);
    element.append(tag, cell);
    const row = { element, tag, text, hint, looks: "", words: "" };
    element.row = row;
    return row;
  }

  dress(row, piece, before, marks, hint) {
    const role = this.roles[piece.role];
    const looks = `${role} ${hint?.text} ${hint?.other} ${piece.start} ${before} ${Object.values(marks)}`;
    if (row.looks === looks) return;
    row.looks = looks;
    const between = this.chars.slice(before, piece.start);
    const classes = Object.keys(marks).filter((mark) => marks[mark]);
    if (between.filter((char) => char === "\n").length > 1) classes.push("gap");
    row.element.className = ["piece", role, ...classes].join(" ");
    row.element.id = `piece-${piece.start}`;
    row.element.setAttribute("aria-selected", String(marks.chosen));
    row.element.setAttribute("aria-label", `${role.replace("_", " ")}${hint ? ", " + hint.text : ""}`);
    row.element.setAttribute("aria-describedby", `text-${piece.start}`);
    row.text.id = `text-${piece.start}`;
    row.tag.textContent = marks.first ? role.replace("_", " ") : "";
    row.hint.hidden = !hint;
    row.hint.textContent = hint?.text ?? "";
    row.hint.classList.toggle("other", Boolean(hint?.other));
    row.lead = between.slice(between.lastIndexOf("\n") + 1).join(""); // the indentation, as scraped
    row.words = ""; // it may have changed
  }

  write(row, piece, knife) {
    const words = `${piece.end} ${knife}`;
    if (row.words === words) return;
    row.words = words;
    const text = (from, to) => this.chars.slice(from, to).join("");
    if (knife === null) row.text.textContent = row.lead + text(piece.start, piece.end);
    else {
      const mark = document.createElement("span");
      mark.className = "knife";
      row.text.replaceChildren(row.lead + text(piece.start, knife), mark, text(knife, piece.end));
    }
  }

  show(i) {
    this.order[i]?.scrollIntoView({ block: "nearest" });
  }

  placeOf = (target) => target.closest?.(".piece")?.row.place ?? null;

  // The place in the page's text under a point on the screen, or null.
  under(x, y, piece) {
    const caret = document.caretPositionFromPoint?.(x, y) ?? document.caretRangeFromPoint?.(x, y);
    const node = caret?.offsetNode ?? caret?.startContainer;
    const row = this.rows.get(piece.start);
    if (!node || !row.text.contains(node)) return null;
    const before = document.createRange();
    before.setStart(row.text, 0);
    before.setEnd(node, caret.offset ?? caret.startOffset);
    return piece.start + Math.max(0, [...before.toString()].length - [...row.lead].length);
  }

  // Light up what a regular expression finds; gives the places of the pieces it is found in.
  light(pattern) {
    const found = [];
    const ranges = [];
    this.order.forEach((element, i) => {
      const node = element.row.text.firstChild;
      const hits = pattern ? [...(node?.data ?? "").matchAll(pattern)] : [];
      if (hits.length) found.push(i);
      for (const hit of hits) {
        const range = new Range();
        range.setStart(node, hit.index);
        range.setEnd(node, hit.index + hit[0].length);
        ranges.push(range);
      }
    });
    globalThis.CSS?.highlights?.set("found", new Highlight(...ranges));
    return found;
  }
}
