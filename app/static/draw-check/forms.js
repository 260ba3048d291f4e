// The forms of the files, docs/lottery.md "Files and their forms": a fault is said by its place.
"use strict";

const forms = (() => {
  class Fault extends Error {
    constructor(where) {
      super(`${where}: form`);
    }
  }

  const text = (pattern) => (value) => typeof value === "string" && pattern.test(value);
  const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?:^|[^\ud800-\udbff])[\udc00-\udfff]/;
  const whole = (pattern) => (value) => text(pattern)(value) && !LONE.test(value);

  const TEXT = whole(/^[^\u0000-\u001f\u007f]+$/);
  const LINES = whole(/^(?:[^\u0000-\u001f\u007f]|\n)+$/);
  const HASH = text(/^[0-9a-f]{64}$/);
  const ID = text(/^[a-z0-9-]{1,40}$/);
  const DRAW_ID = text(/^[a-z0-9-]{3,40}$/);
  const ISSUE = text(/^[1-9][0-9]{0,19}$/);
  const VALUE = text(/^[ -~]{1,200}$/);
  const SEED_TEXT = text(/^[ -~\n]+$/);
  const MOMENT = (value) => typeof value === "string" && seconds(value) !== null;
  const number = (value) => Number.isSafeInteger(value) && value >= 0;
  const oneOf = (...words) => (value) => words.includes(value);
  const or = (...kinds) => (value) => kinds.some((kind) => kind(value));
  const NOTHING = oneOf("");

  const SOURCES = [{ id: ID, issue: ISSUE, drawn_at: MOMENT, rule: LINES }];
  const FILES = {
    announcement: {
      scheme: TEXT, draw_id: DRAW_ID, organiser: { name: TEXT, contact: TEXT }, eligibility: LINES,
      ticket_rule: LINES, cap: number,
      tiers: [{ tier: number, name: TEXT, prize: TEXT, value_fen: number, count: number }],
      opens: MOMENT, closes: MOMENT, commit_by: MOMENT, objections_until: MOMENT, sources: SOURCES,
      fallback: LINES, claim_until: MOMENT, redraw_sources: SOURCES, redraw_rounds_max: number,
      exclusions: LINES, key_commitment: HASH, operator_key: HASH, privacy: LINES, tax: LINES,
    },
    commit: {
      scheme: TEXT, draw_id: DRAW_ID, version: number, announcement_sha256: HASH, entries: number,
      tickets: number, root: HASH, leaves_sha256: HASH, by_department: [{ department: TEXT, entries: number }],
      excluded: [{ reason: TEXT, count: number }], committed_at: MOMENT,
    },
    result: {
      scheme: TEXT, draw_id: DRAW_ID, round: number, commit_version: number, commit_sha256: HASH,
      sources: [{ id: ID, issue: ISSUE, value: VALUE, "replaces?": ISSUE }], seed_text: SEED_TEXT, seed: HASH,
      excluded: [HASH],
      tiers: [{
        tier: number, cutoff: or(HASH, NOTHING),
        winners: [{
          rank: number, entry: HASH, ticket: number, score: HASH, index: number, tickets: number, proof: [HASH],
        }],
      }],
      decided_at: MOMENT,
    },
    claims: {
      scheme: TEXT, draw_id: DRAW_ID,
      claims: [{
        round: number, tier: number, entry: HASH, state: oneOf("claimed", "waived", "ineligible", "expired"),
        reason: or(LINES, NOTHING), at: MOMENT,
      }],
    },
  };
  const RECEIPT = { draw_id: DRAW_ID, entry: HASH, salt: HASH, tickets: number, at: MOMENT, sig: text(/^[0-9a-f]{128}$/) };
  const PROOF = { version: number, index: number, tickets: number, proof: [HASH] };

  /** The file as plain objects, or a Fault that says where it is not of its form. */
  function read(file, bytes) {
    return readAs(FILES[file.replace(/-.*|\.json/g, "")], file, bytes);
  }

  function readAs(form, name, bytes) {
    let found;
    try {
      found = strictJson.read(bytes);
    } catch (fault) {
      throw new Fault(name);
    }
    return plain(form, name, found);
  }

  function plain(form, where, value) {
    if (typeof form === "function") {
      if (!form(value)) throw new Fault(where);
      return value;
    }
    if (Array.isArray(form)) {
      if (!Array.isArray(value)) throw new Fault(where);
      return value.map((item, place) => plain(form[0], `${where} ${place}`, item));
    }
    return object(form, where, value);
  }

  function object(form, where, value) {
    if (!(value instanceof Map)) throw new Fault(where);
    const found = {};
    let known = 0;
    for (const key of Object.keys(form)) {
      const there = value.has(bare(key));
      if (!there && bare(key) === key) throw new Fault(where);
      known += there;
    }
    if (known !== value.size) throw new Fault(where);
    for (const key of Object.keys(form)) {
      const name = bare(key);
      if (value.has(name)) found[name] = plain(form[key], `${where} ${name}`, value.get(name));
    }
    return found;
  }

  const bare = (key) => key.replace("?", "");

  /** Since 1970, or null where it is no moment. */
  function seconds(moment) {
    const found = /^(20\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))$/.exec(moment);
    if (!found) return null;
    const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
    const [beyond, hours, minutes] = [found[7] === "-" ? -1 : 1, Number(found[8] || 0), Number(found[9] || 0)];
    const date = new Date(Date.UTC(year, month - 1, day));
    const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
    if (!exists || Math.max(hour, hours) > 23 || Math.max(minute, second, minutes) > 59) return null;
    return date.getTime() / 1000 + hour * 3600 + minute * 60 + second - beyond * (hours * 3600 + minutes * 60);
  }

  return { read, readAs, seconds, RECEIPT, PROOF, Fault };
})();
