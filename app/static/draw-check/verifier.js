// Is this draw true? The checks of docs/lottery.md in their order, written from that document alone.
// What stands in a file is believed only after it was worked out anew from the files before it.
"use strict";

const verifier = (() => {
  const DAY = 24 * 3600;
  const KNOWN = /^(announcement\.json|commit-[1-9]\d*\.json|leaves-[1-9]\d*\.bin|result-[12]\.json|claims\.json)(\.sig)?$/;
  const at = forms.seconds;

  /** One check: its name as the document prints it, what it should be and what it is. */
  function check(name, expected, found, holds = expected === found) {
    return { name, holds, expected: shown(expected), found: shown(found) };
  }

  const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const is = (name, holds, found) => check(name, "", found, holds);
  const same = (name, expected, found) => check(name, expected, found, shown(expected) === shown(found));

  class Unreadable extends Error {}

  /** A file that is there without bytes could not be read. */
  function bytesOf(draw, file) {
    const found = draw.files[file];
    if (!found) throw new Unreadable(file);
    return found;
  }

  const read = (draw, file) => forms.read(file, bytesOf(draw, file));

  /** The checks up to the first lie and, between them, how far a long one is; files: name -> bytes, null if unreadable. */
  function* checks(files) {
    for (const one of all(files)) {
      yield one;
      if (one.holds === false) return;
    }
  }

  function* all(files) {
    const draw = { files, commits: [], results: [] };
    try {
      yield* names(draw);
      yield* announcement(draw);
      for (let version = 1; version <= draw.versions; version++) yield* commit(draw, version);
      if ("result-1.json" in files) yield* result(draw, 1);
      if ("claims.json" in files) yield* claims(draw);
      if ("result-2.json" in files) yield* result(draw, 2);
    } catch (fault) {
      if (fault instanceof forms.Fault) yield is(fault.message, false, "");
      else if (fault instanceof Unreadable) yield is("files: can be read", false, fault.message);
      else throw fault;
    }
  }

  function* names(draw) {
    const files = Object.keys(draw.files);
    const strange = files.filter((name) => !KNOWN.test(name));
    yield check("files: only known ones", "", strange.sort().join(" "));
    yield is("files: announcement.json", "announcement.json" in draw.files, "");
    const numbers = (kind) => files.map((name) => kind.exec(name)).filter(Boolean).map((found) => found[1])
      .sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
    const versions = numbers(/^commit-(\d+)\.json$/);
    draw.versions = versions.length;
    yield same("files: versions without a gap", versions.map((_, place) => String(place + 1)), versions);
    yield same("files: a list for each version", versions, numbers(/^leaves-(\d+)\.bin$/));
    const needed = { "result-1.json": "commit-1.json", "claims.json": "result-1.json", "result-2.json": "claims.json" };
    const missing = Object.keys(needed).filter((name) => name in draw.files && !(needed[name] in draw.files));
    yield check("files: nothing is missing in between", "", missing.map((name) => needed[name]).join(" "));
  }

  function* announcement(draw) {
    const told = draw.told = read(draw, "announcement.json");
    draw.sha256 = rule.hash(draw.files["announcement.json"]);
    const line = (words, expected, found, holds) => check(`announcement.json: ${words}`, expected, found, holds);
    yield line("scheme", "xlot/1", told.scheme);
    yield line("cap from 1 to 65535", "", told.cap, told.cap >= 1 && told.cap <= 65535);
    yield line("there is a prize", "", told.tiers.length, told.tiers.length > 0);
    const ascending = told.tiers.map((_, place) => place + 1);
    yield same("announcement.json: tiers ascend from 1", ascending, told.tiers.map((one) => one.tier));
    const counts = told.tiers.map((one) => one.count), values = told.tiers.map((one) => one.value_fen);
    yield line("every tier has a count", "", counts, counts.every((count) => count >= 1));
    yield line("no prize above 50,000 yuan", "", values, values.every((value) => value <= 5000000));
    yield line("redraw_rounds_max is 0 or 1", "", told.redraw_rounds_max, told.redraw_rounds_max <= 1);
    yield* sources("sources", told.sources);
    if (told.redraw_rounds_max) yield* sources("redraw_sources", told.redraw_sources);
    else yield line("redraw_sources without a redraw", 0, told.redraw_sources.length);
    yield* calendar(draw, line);
  }

  function* sources(key, announced) {
    const name = (words) => `announcement.json: ${key} ${words}`;
    const ids = announced.map((one) => one.id);
    yield is(name("are known"), ids.every(rule.source), ids);
    yield is(name("are named once"), new Set(ids).size === ids.length, ids);
    const bits = ids.reduce((sum, id) => sum + rule.source(id).bits, 0);
    yield check(name("carry 60 bits"), 60, bits, bits >= 60);
    for (const { id, issue, drawn_at } of announced)
      if (id === "drand-quicknet")
        yield check("announcement.json: time of the quicknet round", rule.quicknetTime(issue), at(drawn_at));
  }

  function* calendar(draw, line) {
    const told = draw.told;
    const drawn = (key) => told[key].map((one) => at(one.drawn_at));
    draw.drawn = [null, drawn("sources"), drawn("redraw_sources")];
    draw.first = Math.min(...draw.drawn[1]);
    draw.claimUntil = at(told.claim_until);
    const days = [told.opens, told.closes, told.commit_by, told.objections_until];
    const [opens, closes, commitBy, objections] = days.map(at);
    const inOrder = opens < closes && closes <= commitBy && commitBy <= objections;
    yield line("opens, closes, commit_by, objections_until in this order", "", days, inOrder);
    yield line("objections end 24 hours before the first source", "", told.objections_until, objections + DAY <= draw.first);
    yield line("claims end after the last source", "", told.claim_until, draw.claimUntil > Math.max(...draw.drawn[1]));
    if (draw.drawn[2].length)
      yield line("redraw sources come after claim_until", "", told.claim_until, Math.min(...draw.drawn[2]) > draw.claimUntil);
  }

  function* commit(draw, version) {
    const file = `commit-${version}.json`, leaves = `leaves-${version}.bin`;
    const told = read(draw, file), before = draw.commits[draw.commits.length - 1];
    const line = (words, expected, found, holds) => check(`${file}: ${words}`, expected, found, holds);
    yield line("scheme", "xlot/1", told.scheme);
    yield line("draw_id", draw.told.draw_id, told.draw_id);
    yield line("version", version, told.version);
    yield line("announcement_sha256", draw.sha256, told.announcement_sha256);
    const data = bytesOf(draw, leaves);
    yield line("leaves_sha256", rule.hash(data), told.leaves_sha256);
    yield is(`${leaves}: whole records of 34 bytes`, data.length % rule.RECORD === 0, data.length);
    const listed = rule.list(data);
    yield* people(draw, leaves, listed, before);
    yield line("entries", listed.size, told.entries);
    let tickets = 0;
    for (let place = 0; place < listed.size; place++) tickets += listed.tickets(place);
    yield line("tickets", tickets, told.tickets);
    yield line("root", rule.hex(yield* rule.root(listed)), told.root);
    const sum = told.by_department.reduce((all, one) => all + one.entries, 0);
    yield line("by_department", told.entries, sum);
    yield* inTime(draw, told, before, line);
    draw.commits.push({ ...told, listed, sha256: rule.hash(draw.files[file]) });
  }

  function* people(draw, leaves, listed, before) {
    let place = 1;
    while (place < listed.size && rule.compare(listed.entry(place - 1), listed.entry(place)) < 0) place++;
    yield is(`${leaves}: entries ascend`, place >= listed.size, place);
    const fits = (tickets) => tickets >= 1 && tickets <= draw.told.cap;
    place = 0;
    while (place < listed.size && fits(listed.tickets(place))) place++;
    yield is(`${leaves}: 1 to cap tickets each`, place === listed.size, place);
    if (!before) return;
    let kept = 0;
    for (place = 0; kept < before.listed.size; kept++) {
      const entry = before.listed.entry(kept);
      while (place < listed.size && rule.compare(listed.entry(place), entry) < 0) place++;
      const there = place < listed.size && !rule.compare(listed.entry(place), entry);
      if (!there || listed.tickets(place) < before.listed.tickets(kept)) break;
    }
    yield is(`${leaves}: nobody is dropped or has fewer tickets`, kept === before.listed.size, kept);
  }

  function* inTime(draw, told, before, line) {
    const committed = at(told.committed_at), when = told.committed_at;
    yield line("committed after the close", draw.told.closes, when, committed >= at(draw.told.closes));
    if (!before) {
      yield line("committed by commit_by", draw.told.commit_by, when, committed <= at(draw.told.commit_by));
    } else {
      yield line("committed after the version before", before.committed_at, when, committed > at(before.committed_at));
      const until = draw.told.objections_until;
      yield line("committed before objections_until", until, when, committed <= at(until));
    }
    yield line("committed 24 hours before the first source", "", when, committed + DAY <= draw.first);
  }

  function* result(draw, round) {
    const file = `result-${round}.json`, told = read(draw, file), last = draw.commits[draw.commits.length - 1];
    const line = (words, expected, found, holds) => check(`${file}: ${words}`, expected, found, holds);
    yield line("scheme", "xlot/1", told.scheme);
    yield line("draw_id", draw.told.draw_id, told.draw_id);
    yield line("round", round, told.round);
    yield line("the round was announced", 1 + draw.told.redraw_rounds_max, round, round <= 1 + draw.told.redraw_rounds_max);
    yield line("commit_version", draw.versions, told.commit_version);
    yield line("commit_sha256", last.sha256, told.commit_sha256);
    const announced = round === 1 ? draw.told.sources : draw.told.redraw_sources;
    yield* numbers(file, announced, told.sources);
    const text = rule.seedText(draw.told.draw_id, round, last, draw.sha256, told.sources);
    yield line("seed_text", text, told.seed_text);
    const seed = sha256.of(rule.ascii(text));
    yield line("seed", rule.hex(seed), told.seed);
    const gone = draw.results.map((one) => one.entry).sort();
    yield same(`${file}: excluded`, gone, told.excluded);
    const decided = at(told.decided_at);
    yield line("decided after the last source", "", told.decided_at, decided >= Math.max(...draw.drawn[round]));
    if (round === 2) yield line("decided after claim_until", draw.told.claim_until, told.decided_at, decided >= draw.claimUntil);
    const given = prizes(draw);
    yield same(`${file}: tiers`, given.map((one) => one.tier), told.tiers.map((one) => one.tier));
    const order = yield* rule.order(last.listed, seed, total(given), new Set(gone));
    yield* tiers(draw, file, told.tiers, given, order, last);
  }

  function* numbers(file, announced, given) {
    yield same(`${file}: source ids`, announced.map((one) => one.id), given.map((one) => one.id));
    for (const [place, { id, issue, value, replaces }] of given.entries()) {
      const wanted = announced[place].issue, replaced = replaces !== undefined;
      yield check(`${file}: issue of ${id}`, wanted, replaced ? replaces : issue);
      yield is(`${file}: fallback of ${id} is the next issue`, !replaced || rule.nextIssues(id, wanted).includes(issue), issue);
      yield is(`${file}: value of ${id}`, rule.source(id).fits(value), value);
    }
  }

  /** What a round gives: all, or once the claims have been read what they leave. */
  const prizes = (draw) => draw.told.tiers.map(({ tier, count }) => ({ tier, count: count - claimed(draw, tier) }))
    .filter(({ count }) => count > 0);
  const total = (given) => given.reduce((sum, { count }) => sum + count, 0);
  const claimed = (draw, tier) => (draw.claims || []).filter((one) => one.tier === tier && one.state === "claimed").length;

  function* tiers(draw, file, told, given, order, last) {
    let rank = 0;
    for (const [place, { tier, winners, cutoff }] of told.entries()) {
      const line = (words, expected, found, holds) => check(`${file}: tier ${tier}: ${words}`, expected, found, holds);
      const wanted = order.slice(rank, rank + given[place].count);
      yield same(`${file}: tier ${tier}: winners`, wanted.map((one) => rule.hex(one.entry)), winners.map((one) => one.entry));
      const end = wanted.length ? rule.hex(wanted[wanted.length - 1].score) : "";
      yield line("cutoff", end, cutoff);
      for (const [number, one] of wanted.entries()) {
        rank += 1;
        const said = winners[number];
        const expected = [rank, one.ticket, rule.hex(one.score), one.index, one.tickets];
        const found = [said.rank, said.ticket, said.score, said.index, said.tickets];
        yield same(`${file}: tier ${tier}: rank, ticket, score, index, tickets`, expected, found);
        const led = rule.walk(rule.leafHash(one.entry, one.tickets), one.index, last.listed.size, said.proof.map(rule.bytes));
        yield line("proof", last.root, led ? rule.hex(led) : "");
        draw.results.push({ entry: said.entry, tier });
      }
    }
  }

  function* claims(draw) {
    const told = read(draw, "claims.json");
    const line = (words, expected, found, holds) => check(`claims.json: ${words}`, expected, found, holds);
    yield line("scheme", "xlot/1", told.scheme);
    yield line("draw_id", draw.told.draw_id, told.draw_id);
    const winners = new Set(draw.results.map((one) => `${one.tier} ${one.entry}`));
    const strange = told.claims.filter((one) => one.round !== 1 || !winners.has(`${one.tier} ${one.entry}`));
    yield line("only winners", 0, strange.length);
    yield line("each once", told.claims.length, new Set(told.claims.map((one) => one.entry)).size);
    const late = told.claims.filter((one) => one.state === "claimed" && at(one.at) > draw.claimUntil);
    yield line("claimed by claim_until", 0, late.length);
    draw.claims = told.claims;
  }

  /** The name of the first check that fails, or "" where the draw is true. */
  function firstLie(files) {
    for (const one of checks(files)) if (one.holds === false) return one.name;
    return "";
  }

  return { checks, firstLie, announcement, numbers, claims, prizes, total, tiers, same, Unreadable };
})();
