// What can be done to a page's pieces. Values in, values out: nothing here touches the document.
// A piece: {start, end, role, segment, begins, decided}. Places count characters (code points) of the page's text, `role` is
// a place in the list of roles, `decided` says that the person has set or confirmed it.

export const parse = (rows) => rows.map(([start, end, role, segment, begins]) => ({ start, end, role, segment, begins: Boolean(begins), decided: false }));
export const plain = (pieces) => pieces.map((p) => [p.start, p.end, p.role, p.segment, p.begins ? 1 : 0]);

// Every piece from `from` to `to` gets the role; one that had another goes with its neighbours.
export const assign = (pieces, from, to, role) =>
  pieces.map((p, i) => (i < from || i > to ? p : { ...p, role, begins: p.role === role && p.begins, decided: true }));

// Two parts of the piece `i`, cut at `place`; at its very beginning, a range of its own begins there.
export function split(pieces, i, place, chars) {
  const piece = pieces[i];
  let end = place;
  while (end > piece.start && isSpace(chars[end - 1])) end -= 1;
  let start = place;
  while (start < piece.end && isSpace(chars[start])) start += 1;
  if (start >= piece.end) return pieces;
  if (end <= piece.start) {
    const apart = i > 0 && pieces[i - 1].role === piece.role && !piece.begins;
    return apart ? pieces.with(i, { ...piece, begins: true }) : pieces;
  }
  return pieces.toSpliced(i, 1, { ...piece, end, decided: true }, { ...piece, start, begins: true, decided: true });
}

// One range of all pieces from `from` to `to`, with the first one's role; parts of one segment are one piece again.
export function merge(pieces, from, to) {
  const { role } = pieces[from];
  const merged = [{ ...pieces[from], decided: true }];
  for (const piece of pieces.slice(from + 1, to + 1)) {
    const last = merged.at(-1);
    if (last.segment === piece.segment) merged[merged.length - 1] = { ...last, end: piece.end };
    else merged.push({ ...piece, role, begins: false, decided: true });
  }
  return pieces.toSpliced(from, to - from + 1, ...merged);
}

// First and last piece of the label's range in which the piece `i` lies.
export function range(pieces, i) {
  let [from, to] = [i, i];
  while (from > 0 && joined(pieces, from)) from -= 1;
  while (to + 1 < pieces.length && joined(pieces, to + 1)) to += 1;
  return [from, to];
}

// Whether the piece `i` is in one range with the piece before it.
export const joined = (pieces, i) => i > 0 && pieces[i].role === pieces[i - 1].role && !pieces[i].begins;

const isSpace = (char) => /\s/u.test(char);
