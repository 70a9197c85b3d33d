// Talks to the server, and saves by itself: what is not on disk yet lies in the browser's own store, so that neither the
// server's end nor the browser's loses it.

const SOON = 300; // ms after a change until it is sent
const AGAIN = 1500; // ms until a failed save is tried again

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function ask(path, sent) {
  const options = sent && { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent) };
  const answer = await fetch(path, options);
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, said.error ?? `the server answers ${answer.status}`);
  return said;
}

export const address = (name, what = "pages") => `/${what}/` + name.split("/").map(encodeURIComponent).join("/");

export class Store {
  // `told(state, message)` hears how saving goes: "saved", "saving", "offline", "stale" or "failed".
  constructor(root, told) {
    this.root = root;
    this.told = told;
    this.pending = null;
  }

  key = (name) => `pagesieve ${this.root} ${name}`;

  // Begin with a page as it is on disk.
  open(name, version) {
    Object.assign(this, { name, version, pending: null, stale: false });
    this.told("saved", "");
  }

  // What was not saved of a page when the browser or the server ended: {version, pieces, status, seconds}, or null.
  draft(name) {
    try {
      return JSON.parse(localStorage.getItem(this.key(name)));
    } catch {
      return null;
    }
  }

  forget(name) {
    try {
      localStorage.removeItem(this.key(name));
    } catch {
      // switched off: there is nothing to forget
    }
  }

  change(content) {
    this.pending = content;
    this.keep();
    this.told(this.stale ? "stale" : "saving", "");
    this.later(SOON);
  }

  // Take the file's version as known: what is pending replaces it.
  overrule(version) {
    Object.assign(this, { version, stale: false });
    this.keep();
    return this.flush();
  }

  keep() {
    try {
      localStorage.setItem(this.key(this.name), JSON.stringify({ version: this.version, ...this.pending }));
    } catch (error) {
      console.warn("no copy in the browser's store", error); // full or switched off: the server has it in a moment
    }
  }

  later(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), time);
  }

  // Send what is pending, one save at a time; resolves to whether all is on disk.
  flush() {
    clearTimeout(this.timer);
    this.running = (this.running ?? Promise.resolve()).catch(() => {}).then(() => this.send()); // one save that failed stops no other
    return this.running;
  }

  async send() {
    while (this.pending && !this.stale) {
      const content = this.pending;
      this.told("saving", "");
      try {
        this.version = (await ask(address(this.name), { version: this.version, ...content })).version;
      } catch (error) {
        this.stale = error.status === 409;
        if (!this.stale) this.later(AGAIN);
        this.told(this.stale ? "stale" : error instanceof Refused ? "failed" : "offline", error.message);
        return false;
      }
      if (this.pending === content) {
        this.pending = null;
        this.forget(this.name);
        this.told("saved", "");
      } else this.keep();
    }
    return !this.pending;
  }
}
