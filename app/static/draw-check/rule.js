// The rule of the draw, docs/lottery.md "Bytes" and "Public numbers".
"use strict";

const rule = (() => {
  const RECORD = 34;
  const LEAF = Uint8Array.of(0), NODE = Uint8Array.of(1);
  const OFTEN = 2048;

  const ascending = (most) => (text) => {
    const numbers = text.split(" ");
    const fits = (one, place) => /^\d\d$/.test(one) && one > (place ? numbers[place - 1] : "00") && one <= most;
    return numbers.every(fits) && numbers.length;
  };
  const groups = (first, one, second, two) => (text) => {
    const [left, right, more] = text.split("+");
    return more === undefined && right !== undefined && ascending(one)(left) === first && ascending(two)(right) === second;
  };
  const SOURCES = {
    "cn-kl8": { bits: 61.6, fits: (text) => ascending("80")(text) === 20 },
    "cn-dlt": { bits: 24.4, fits: groups(5, "35", 2, "12") },
    "cn-ssq": { bits: 24.1, fits: groups(6, "33", 1, "16") },
    "drand-quicknet": { bits: 256, fits: (text) => /^[0-9a-f]{64}$/.test(text) },
  };
  const source = (id) => (Object.prototype.hasOwnProperty.call(SOURCES, id) ? SOURCES[id] : null);
  const quicknetTime = (issue) => 1692803367 + (Number(issue) - 1) * 3;

  const more = (digits) => digits.replace(/(\d?)(9*)$/, (all, last, nines) => Number(last) + 1 + "0".repeat(nines.length));
  /** What may stand in for an issue that was not drawn; an issue may be longer than a Number. */
  const nextIssues = (id, issue) => (id === "drand-quicknet" ? [] : [more(issue), `${more(issue.slice(0, -3))}001`]);

  const utf8 = (text) => new TextEncoder().encode(text);
  const two = (number) => Uint8Array.of(number >> 8, number & 255);
  const PAIRS = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));
  const hex = (data) => data.reduce((text, byte) => text + PAIRS[byte], "");
  const hash = (data) => hex(sha256.of(data));

  function compare(one, other) {
    for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return one[i] - other[i];
    return 0;
  }

  function ascii(text) {
    const found = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) found[at] = text.charCodeAt(at);
    return found;
  }

  function bytes(text) {
    const found = new Uint8Array(text.length / 2);
    for (let at = 0; at < found.length; at++) found[at] = parseInt(text.substr(2 * at, 2), 16);
    return found;
  }

  /** The list as it is published: entry and tickets by place. */
  function list(data) {
    const size = Math.floor(data.length / RECORD);
    const entry = (place) => data.subarray(place * RECORD, place * RECORD + 32);
    const tickets = (place) => data[place * RECORD + 32] * 256 + data[place * RECORD + 33];
    const find = (wanted) => {
      let low = 0, high = size;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(entry(middle), wanted) < 0) low = middle + 1;
        else high = middle;
      }
      return low < size && compare(entry(low), wanted) === 0 ? low : -1;
    };
    return { data, size, entry, tickets, find };
  }

  const leafHash = (entry, tickets) => sha256.of(LEAF, entry, two(tickets));
  const node = (left, right) => sha256.of(NODE, left, right);

  /** The root; yields how far it is. */
  function* root(listed) {
    let level = new Uint8Array(listed.size * 32);
    for (let place = 0; place < listed.size; place++) {
      level.set(leafHash(listed.entry(place), listed.tickets(place)), place * 32);
      if (place % OFTEN === 0) yield { done: place / 2, of: listed.size };
    }
    for (let size = listed.size; size > 1; size = Math.ceil(size / 2)) {
      for (let place = 0; place + 1 < size; place += 2) {
        level.set(sha256.of(NODE, level.subarray(place * 32, place * 32 + 64)), place * 16);
        if (place % OFTEN === 0) yield { done: listed.size - (size - place) / 2, of: listed.size };
      }
      if (size % 2) level.copyWithin((size - 1) * 16, (size - 1) * 32, size * 32);
      level = level.subarray(0, Math.ceil(size / 2) * 32);
    }
    return listed.size ? level : sha256.of();
  }

  /** The root to which a proof leads, or null where it leads nowhere. */
  function walk(leaf, index, size, proof) {
    if (index >= size || [leaf, ...proof].some((one) => one.length !== 32)) return null;
    let here = index, last = size - 1, found = leaf;
    for (const neighbour of proof) {
      if (last === 0) return null;
      if (here % 2 || here === last) {
        found = node(neighbour, found);
        while (here % 2 === 0 && here) [here, last] = [here / 2, Math.floor(last / 2)];
      } else {
        found = node(found, neighbour);
      }
      [here, last] = [Math.floor(here / 2), Math.floor(last / 2)];
    }
    return last === 0 ? found : null;
  }

  function seedText(draw, round, commit, announcement, sources) {
    const lines = ["xlot/1 seed", draw, round, commit.entries, commit.tickets, commit.root, announcement];
    const numbers = sources.map((one) => `${one.id} ${one.issue} ${one.value}`);
    return [...lines, ...numbers, ""].join("\n");
  }

  /** The best of a person's tickets. */
  function score(keyed, entry, tickets) {
    const best = { ticket: 0, score: keyed(entry, two(0)) };
    for (let ticket = 1; ticket < tickets; ticket++) {
      const other = keyed(entry, two(ticket));
      if (compare(other, best.score) < 0) Object.assign(best, { ticket, score: other });
    }
    return best;
  }

  /** Who comes first, `most` of them, without those in `gone` (hexadecimal entries); yields how far it is. */
  function* order(listed, seed, most, gone) {
    const keyed = sha256.hmac(seed);
    const before = (one, other) => compare(one.score, other.score) || one.index - other.index;
    let first = [], worst = null;
    const room = Math.max(2 * most, OFTEN);
    for (let index = 0; index < listed.size; index++) {
      if (index % OFTEN === 0) yield { done: index, of: listed.size };
      const entry = listed.entry(index), tickets = listed.tickets(index);
      if (gone.size && gone.has(hex(entry))) continue;
      const best = score(keyed, entry, tickets);
      if (worst && compare(best.score, worst) > 0) continue;
      first.push({ index, entry, tickets, ...best });
      if (first.length <= room) continue;
      first = first.sort(before).slice(0, most);
      worst = most ? first[most - 1].score : worst;
    }
    return first.sort(before).slice(0, most);
  }

  return {
    RECORD, source, quicknetTime, nextIssues, ascii, utf8, hex, bytes, hash, compare, list, leafHash, root, walk, seedText, score, order,
  };
})();
