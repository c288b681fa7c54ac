// Checks in the reader's browser what this page rests on: the signature over the record, the record
// under it, and the entries that the page names (C2SP signed-note and tlog-tiles, RFC 6962).
// It decides no words: all that it can answer stands in the page, hidden.
(function () {
  "use strict";
  const WIDTH = 256, HASH = 32, MOST_ENTRIES = 200000;
  const ED25519 = 1, KEY_ID = 4;
  const box = document.getElementById("check-here");
  const button = document.getElementById("check-now");
  const answers = box.querySelectorAll("[data-answer]");
  const written = new TextEncoder(), read = new TextDecoder("utf-8", { fatal: true });

  function answer(name) {
    for (const each of answers) if (each.dataset.answer === name) each.hidden = false;
  }
  function joined(...parts) {
    const all = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
    let at = 0;
    for (const each of parts) { all.set(each, at); at += each.length; }
    return all;
  }
  const decoded = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const hex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const leaf = (entry) => sha256(joined([0], entry));

  class Unread extends Error {}
  async function fetched(path) {
    try {
      const found = await fetch(box.dataset.log + path, { cache: "no-cache", credentials: "omit" });
      if (found.status === 404) return null;
      if (found.ok) return new Uint8Array(await found.arrayBuffer());
    } catch (error) { /* Nobody answers, or the answer is cut off. */ }
    throw new Unread(path);
  }
  // A partial tile may be gone once the full one exists; then its beginning is the same.
  async function tile(level, number, size) {
    let name = String(number % 1000).padStart(3, "0");
    for (let rest = Math.floor(number / 1000); rest; rest = Math.floor(rest / 1000)) {
      name = "x" + String(rest % 1000).padStart(3, "0") + "/" + name;
    }
    const path = "tile/" + level + "/" + name, width = Math.min(WIDTH, size - number * WIDTH);
    const found = (width < WIDTH ? await fetched(path + ".p/" + width) : null) || await fetched(path);
    if (!found) throw new Unread(path);
    return found;
  }

  async function trusted(vkey) {
    const [name, id, ...rest] = vkey.split("+");
    const typed = decoded(rest.join("+"));
    const own = (await sha256(joined(written.encode(name + "\n"), typed))).slice(0, KEY_ID);
    if (typed[0] !== ED25519 || hex(own) !== id) throw new RangeError("key");
    const key = await crypto.subtle.importKey("raw", typed.slice(1), "Ed25519", false, ["verify"]);
    return { name, id, key };
  }
  // The text of a note that this key has signed, or null.
  async function opened(note, by) {
    const whole = read.decode(note), end = whole.lastIndexOf("\n\n");
    const text = whole.slice(0, end + 1);
    for (const line of whole.slice(end + 2).split("\n")) {
      const [dash, name, base64] = line.split(" ");
      if (dash !== "—" || name !== by.name) continue;
      const signature = decoded(base64);
      if (hex(signature.slice(0, KEY_ID)) !== by.id) continue;
      const good = await crypto.subtle.verify("Ed25519", by.key, signature.slice(KEY_ID), written.encode(text));
      return good ? text : null;
    }
    return null;
  }

  async function leavesOf(size) {
    const found = [];
    for (let number = 0; number * WIDTH < size; number++) {
      const hashes = await tile(0, number, size);
      for (let at = 0; at < hashes.length && found.length < size; at += HASH) {
        found.push(hashes.slice(at, at + HASH));
      }
    }
    return found;
  }
  async function root(leaves) {
    let row = leaves;
    while (row.length > 1) {
      const above = [];
      for (let at = 0; at < row.length; at += 2) {
        above.push(at + 1 < row.length ? sha256(joined([1], row[at], row[at + 1])) : row[at]);
      }
      row = await Promise.all(above);
    }
    return row.length ? hex(row[0]) : hex(await sha256(new Uint8Array(0)));
  }

  function split(bundle) {
    const entries = [];
    for (let at = 0; at + 2 <= bundle.length;) {
      const end = at + 2 + bundle[at] * 256 + bundle[at + 1];
      entries.push(bundle.slice(at + 2, end));
      at = end;
    }
    return entries;
  }
  // An entry is in the record, and says what the link that names it says of it.
  async function holds(link, entry, expected) {
    if (!entry || !expected || hex(await leaf(entry)) !== hex(expected)) return false;
    if (!link.dataset.outcome) return true;
    const statement = JSON.parse(read.decode(decoded(JSON.parse(read.decode(entry)).payload)));
    const said = statement.predicate, measured = (said.red || said).measured;
    return said.promise === link.closest("article").id
      && (said.outcome || "calibrated") === link.dataset.outcome
      && (said.ended_at || said.removed_at) === link.dataset.at
      && Object.entries(JSON.parse(link.dataset.figures)).every(([name, value]) => measured[name] === value);
  }
  async function entriesHold(leaves, size) {
    const bundles = new Map();
    let all = true;
    for (const link of document.querySelectorAll("a[data-entry]")) {
      const index = Number(link.dataset.entry), number = Math.floor(index / WIDTH);
      if (!bundles.has(number)) bundles.set(number, split(await tile("entries", number, size)));
      all = await holds(link, bundles.get(number)[index % WIDTH], leaves[index]) && all;
    }
    return all;
  }

  async function check() {
    if (!crypto.subtle) return ["unable"];
    let by;
    try {
      by = await trusted(box.dataset.key);
    } catch (error) {
      return [error.name === "RangeError" ? "signature-bad" : "unable"];
    }
    const note = await fetched("checkpoint");
    if (!note) throw new Unread("checkpoint");
    const text = await opened(note, by);
    if (!text) return ["signature-bad", "bad"];
    const [origin, length, base64] = text.split("\n"), size = Number(length);
    if (origin !== by.name) return ["signature-bad", "bad"];
    if (size > MOST_ENTRIES) return ["signature-good", "long"];
    const leaves = await leavesOf(size);
    const then = Number(box.dataset.size);
    const results = {
      signature: true,
      record: await root(leaves) === hex(decoded(base64)),
      page: then <= size && await root(leaves.slice(0, then)) === box.dataset.root,
      entries: await entriesHold(leaves, size),
    };
    const said = Object.entries(results).map(([name, good]) => name + (good ? "-good" : "-bad"));
    return [...said, Object.values(results).every(Boolean) ? "good" : "bad"];
  }

  box.hidden = false;
  button.addEventListener("click", async function () {
    button.disabled = true;
    for (const each of answers) each.hidden = true;
    answer("busy");
    let said;
    try {
      said = await check();
    } catch (error) {
      // What does not parse is as wrong as what does not match; what does not come is neither.
      said = [error instanceof Unread ? "unread" : "bad"];
    }
    for (const each of answers) each.hidden = true;
    said.forEach(answer);
    button.disabled = false;
    button.focus();
  });
})();
