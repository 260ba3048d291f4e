// What a receipt says, worked out anew from the files of its draw: docs/lottery.md "Receipt".
// A step holds (true), is a lie (false, and the last) or could not be done here (null).
"use strict";

const receipt = (() => {
  const step = (name, holds, expected, found, more) => ({ name, holds, expected, found, ...more });
  const same = (name, expected, found, more) => step(name, expected === found, expected, found, more);
  const COMMIT = /^commit-(\d+)\.json$/;
  const json = (draw, name) => forms.read(name, draw.files[name]);

  /** What the operator of the draw has signed. */
  function statement(slip) {
    return rule.ascii(["xlot/1 receipt", slip.draw_id, slip.entry, slip.tickets, slip.at, ""].join("\n"));
  }

  /** The receipt itself; throws forms.Fault. */
  const read = (bytes) => forms.readAs(forms.RECEIPT, "receipt", bytes);

  /**
   * The steps and, between them, how far a long one is. `proof` is what the service says of the entry (bytes),
   * where the list is not among the files; `absent` that it denies it; `pid` the person's own number, where they
   * know it; `signed` what the browser found.
   */
  function* steps(bytes, files, told) {
    for (const one of all(bytes, { files }, told)) {
      yield one;
      if (one.holds === false) return;
    }
  }

  function* all(bytes, draw, { proof, absent, pid, signed }) {
    try {
      draw.slip = read(bytes);
      draw.results = [];
      yield step("receipt", true, "", draw.slip.draw_id);
      for (const one of verifier.announcement(draw)) if (!one.holds) yield step("announced", false, one.name, one.found);
      yield same("announcement", draw.slip.draw_id, draw.told.draw_id);
      yield step("signature", signed, "", "");
      yield person(draw.slip, pid);
      const version = Math.max(0, ...Object.keys(draw.files).map((name) => Number((COMMIT.exec(name) || [0, 0])[1])));
      if (!version) {
        yield step("waiting", null, "", draw.told.commit_by);
        return;
      }
      yield* listed(draw, version, proof, absent);
      if (draw.tickets === undefined) return;
      for (const round of [1, 2]) if (`result-${round}.json` in draw.files) yield* result(draw, round);
      if (!draw.scored) yield step("undrawn", null, "", draw.told.sources[0].drawn_at);
    } catch (fault) {
      if (!(fault instanceof forms.Fault || fault instanceof verifier.Unreadable)) throw fault;
      yield step("form", false, "", fault.message);
    }
  }

  function person(slip, pid) {
    if (!pid) return step("person", null, slip.entry, "");
    const made = sha256.hmac(rule.bytes(slip.salt))(rule.ascii(`xlot/1 entry\n${slip.draw_id}\n${pid}`));
    return same("person", slip.entry, rule.hex(made));
  }

  function* listed(draw, version, proof, absent) {
    const commit = draw.commit = json(draw, `commit-${version}.json`);
    draw.commitSha256 = rule.hash(draw.files[`commit-${version}.json`]);
    yield same("commit", draw.sha256, commit.announcement_sha256);
    draw.entry = rule.bytes(draw.slip.entry);
    const data = draw.files[`leaves-${version}.bin`];
    if (!data && !proof) {
      yield absent ? step("listed", false, draw.slip.entry, "") : step("unproved", null, "", "");
      return;
    }
    const found = data ? yield* inList(draw.entry, commit, rule.list(data)) : byProof(draw.entry, commit, proof);
    yield same("root", commit.root, found.root);
    yield step("listed", found.index >= 0, draw.slip.entry, found.index + 1, { of: commit.entries });
    // Who rated again after this receipt has more; more than two bytes hold nobody has.
    const enough = found.tickets >= draw.slip.tickets && found.tickets <= draw.told.cap;
    yield step("tickets", enough, draw.slip.tickets, found.tickets);
    draw.tickets = found.tickets;
  }

  function* inList(entry, commit, list) {
    const index = list.find(entry), root = rule.hex(yield* rule.root(list));
    // A root does not tell how many people there are.
    return { index, tickets: index < 0 ? 0 : list.tickets(index), root: list.size === commit.entries ? root : "" };
  }

  function byProof(entry, commit, bytes) {
    const { index, tickets, proof } = forms.readAs(forms.PROOF, "proof", bytes);
    const led = rule.walk(rule.leafHash(entry, tickets), index, commit.entries, proof.map(rule.bytes));
    return { index, tickets, root: led ? rule.hex(led) : "" };
  }

  function* result(draw, round) {
    const file = `result-${round}.json`, told = json(draw, file), { commit } = draw;
    const line = (name, expected, found, more) => same(name, expected, found, { round, ...more });
    const lies = function* (name, checks) {
      for (const one of checks)
        if (one.holds === false) yield step(name, false, one.expected, one.found, { round, check: one.name });
    };
    if (draw.results.some(({ entry }) => entry === draw.slip.entry)) return; // a winner of round 1
    draw.scored = true;
    yield line("result", draw.commitSha256, told.commit_sha256);
    const announced = round === 1 ? draw.told.sources : draw.told.redraw_sources;
    yield* lies("numbers", verifier.numbers(file, announced, told.sources));
    const replaced = told.sources.filter(({ replaces }) => replaces !== undefined);
    // Whether the announced issue was really not drawn stands in no file.
    for (const { id, issue, replaces } of replaced) yield step("replaced", null, replaces, issue, { round, source: id });
    if (!replaced.length) yield step("numbers", true, "", "", { round });
    const text = rule.seedText(draw.slip.draw_id, round, commit, draw.sha256, told.sources);
    yield line("seed_text", text, told.seed_text);
    const seed = sha256.of(rule.ascii(text));
    yield line("seed", rule.hex(seed), told.seed);
    if (round === 2) yield* lies("claims", verifier.claims(draw));
    yield* lies("winners", winners(draw, file, told, seed));
    yield step("winners", true, "", told.tiers.reduce((sum, one) => sum + one.winners.length, 0), { round });
    yield* placed(draw, told, seed, line);
  }

  /** The published winners, each worked out anew. Whom they passed over only that one's receipt tells, or the list. */
  function* winners(draw, file, told, seed) {
    const { commit } = draw, given = verifier.prizes(draw), keyed = sha256.hmac(seed);
    const gone = draw.results.map(({ entry }) => entry).sort(), known = new Set(gone);
    yield verifier.same(`${file}: excluded`, gone, told.excluded);
    yield verifier.same(`${file}: tiers`, given.map((one) => one.tier), told.tiers.map((one) => one.tier));
    const said = [].concat(...told.tiers.map((one) => one.winners));
    const held = ({ tickets }) => tickets >= 1 && tickets <= draw.told.cap;
    for (const one of said) if (!held(one)) yield verifier.same(`${file}: 1 to cap tickets each`, draw.told.cap, one.tickets);
    const count = Math.min(verifier.total(given), commit.entries - gone.length);
    yield verifier.same(`${file}: winners`, count, said.length);
    const people = said.filter(({ entry }) => !known.has(entry) && known.add(entry));
    yield verifier.same(`${file}: each once`, said.length, people.length);
    const order = said.map(({ entry, index, tickets }) => {
      const name = rule.bytes(entry);
      return { entry: name, index, tickets, ...rule.score(keyed, name, tickets) };
    }).sort((one, other) => rule.compare(one.score, other.score) || rule.compare(one.entry, other.entry));
    yield* verifier.tiers(draw, file, told.tiers, given, order, { root: commit.root, listed: { size: commit.entries } });
  }

  function* placed(draw, told, seed, line) {
    const best = rule.score(sha256.hmac(seed), draw.entry, draw.tickets), score = rule.hex(best.score);
    const drawn = told.tiers.filter(({ cutoff }) => cutoff);
    const won = drawn.find(({ cutoff }) => score <= cutoff);
    const named = told.tiers.find(({ winners }) => winners.some(({ entry }) => entry === draw.slip.entry));
    const cutoff = won ? won.cutoff : drawn.length ? drawn[drawn.length - 1].cutoff : "";
    const tier = (one) => (one ? one.tier : 0);
    yield line("score", tier(won), tier(named), { score, cutoff, ticket: best.ticket + 1, won: tier(won) });
  }

  return { steps, read, statement };
})();
