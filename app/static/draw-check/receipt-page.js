// The check page: files, words, and the receipt. Nothing is asked of the service but the published files and,
// of a long list, the proof of one entry; what it answers is worked out anew.
"use strict";

const checkPage = (() => {
  const box = document.querySelector("[data-check]");
  const words = document.getElementById("words").content;
  const published = JSON.parse(box.dataset.published);
  const fetched = {};
  let own = null;

  const say = (name, told = {}) => fill(words.querySelector(`[data-said="${name}"]`).textContent, told);
  const fill = (text, told) => text.replace(/\{(\w+)\}/g, (all, key) => (key in told ? told[key] : all));
  const make = (tag, text, kind) => Object.assign(document.createElement(tag), { textContent: text, className: kind || "" });
  const fours = (text) => (/^[0-9a-f]{64,}$/.test(text) ? text.replace(/.{4}(?=.)/g, "$& ") : String(text));

  async function get(path) {
    const answer = await fetch(`/draws/${box.dataset.check}/${path}`);
    if (!answer.ok) throw Object.assign(new Error(path), { status: answer.status });
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** The files that are there already and these, of the visitor's own where some were chosen. */
  async function files(names) {
    if (own) return own;
    await Promise.all(names.filter((name) => !fetched[name]).map(async (name) => {
      fetched[name] = await get(`files/${name}`);
    }));
    return fetched;
  }

  const last = (kind) => Object.keys(own || published).filter((name) => kind.test(name))
    .sort((one, other) => one.length - other.length || (one < other ? -1 : 1)).pop();
  const COMMIT = /^commit-\d+\.json$/, LEAVES = /^leaves-\d+\.bin$/;
  const short = () => last(LEAVES) && (own || published[last(LEAVES)] <= Number(box.dataset.short));
  const few = () => Object.keys(published).filter((name) => /^(announcement|result-\d|claims)\.json$/.test(name))
    .concat(last(COMMIT) || [], short() ? last(LEAVES) : []);

  /** Lets the page breathe while something long is worked out. */
  async function run(generator, take) {
    let rested = performance.now();
    for (const one of generator) {
      take(one);
      if (performance.now() - rested < 30) continue;
      await new Promise((go) => setTimeout(go));
      rested = performance.now();
    }
  }

  function progress(bar, one) {
    bar.hidden = !one;
    if (one && one.of) Object.assign(bar, { max: one.of, value: one.done });
    if (one && !one.of) bar.removeAttribute("value");
  }

  /** Values to be unfolded; unfolded where something is wrong. */
  function numbers(lines, open) {
    const box = make("details", ""), list = make("dl", "");
    box.append(make("summary", say("details")), list);
    for (const [name, value] of lines) list.append(make("dt", say(name)), make("dd", fours(value)));
    box.open = open;
    return box;
  }

  const compared = ({ holds, expected, found }) =>
    (holds ? [["worked_out", found]] : [["expected", expected], ["found", found]]);

  async function signed(slip, announcement) {
    try {
      const key = rule.bytes(forms.read("announcement.json", announcement).operator_key);
      const known = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
      return await crypto.subtle.verify("Ed25519", known, rule.bytes(slip.sig), receipt.statement(slip));
    } catch (fault) {
      return fault.name === "DataError" ? false : null; // no key at all, or nothing here that could check
    }
  }

  const form = document.getElementById("receipt-form"), list = document.getElementById("receipt-steps");
  const status = document.getElementById("receipt-said"), bar = document.getElementById("receipt-progress");
  const whole = document.getElementById("with-list"), object = document.getElementById("object");

  function shown(one) {
    const tier = one.won && words.querySelector(`[data-tier="${one.won}"]`);
    const said = words.querySelector(`[data-step="${one.name === "score" && one.holds && one.won ? "won" : one.name}"]`).dataset;
    const [kind, sign] = one.holds ? ["good", "✓"] : one.holds === false ? ["bad", "✗"] : ["open", "–"];
    const item = make("li", "", kind);
    const round = one.round === 2 ? `${say("round", one)} · ` : "";
    item.append(make("strong", `${sign} ${round}${said.title}`));
    const source = one.source && words.querySelector(`[data-source="${one.source}"]`);
    const named = { ...one, source: source ? source.textContent : one.source, tier: tier ? tier.textContent : "" };
    item.append(make("p", fill(said[kind], named), kind === "bad" || one.name === "replaced" ? "bad" : ""));
    const texts = typeof one.found === "string" && one.expected && one.found;
    const lines = one.score ? [["score_is", one.score], ["cutoff_is", one.cutoff]] : texts ? compared(one) : [];
    if (lines.length && one.holds !== null) item.append(numbers(lines, one.holds === false));
    list.append(item);
  }

  /** The proof of one entry out of a long list, or that list itself. */
  async function proved(entry, all) {
    if (own || !last(LEAVES) || fetched[last(LEAVES)]) return {};
    try {
      if (!all) return { proof: await get(`proof/${entry}`) };
      await files([last(LEAVES)]);
    } catch (fault) {
      return { absent: fault.status === 404 };
    }
    return {};
  }

  async function check(all) {
    list.textContent = "";
    const text = rule.utf8(form.elements.receipt.value.trim());
    if (!text.length) {
      status.textContent = say("no_receipt");
      return;
    }
    status.textContent = say("working");
    delete status.dataset.end;
    progress(bar, {});
    let slip = null;
    try {
      slip = receipt.read(text);
      await files(few());
    } catch (fault) {
      if (!(fault instanceof forms.Fault)) {
        status.textContent = say("offline");
        progress(bar, null);
        return;
      }
    }
    const there = own || fetched, found = [];
    const told = slip ? await proved(slip.entry, all) : {};
    told.pid = form.elements.person.value.trim();
    told.signed = slip && await signed(slip, there["announcement.json"]);
    await run(receipt.steps(text, there, told), (one) => {
      if (one.name) found.push(one);
      else progress(bar, one);
    });
    progress(bar, null);
    list.textContent = ""; // another check may have ended meanwhile
    found.forEach(shown);
    const holds = found.map((one) => one.holds);
    const end = holds.includes(false) ? "bad" : holds.includes(null) ? "partly" : "good";
    status.textContent = say(end);
    status.dataset.end = end;
    const missing = ({ name, holds }) => holds === false && (name === "listed" || name === "tickets");
    if (object) object.hidden = !found.some(missing);
    if (whole) whole.hidden = Boolean(own || fetched[last(LEAVES)]);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    check(false);
  });
  if (whole) whole.addEventListener("click", () => check(true));
  form.elements.file.addEventListener("change", async ({ target }) => {
    if (!target.files.length) return;
    form.elements.receipt.value = await new Response(target.files[0]).text();
    check(false);
  });

  /** The receipt behind the #, which no service sees. */
  function fromAddress() {
    const told = new URLSearchParams(location.hash.slice(1));
    if (!told.get("receipt")) return;
    history.replaceState(null, "", location.pathname + location.search); // who shares the page keeps their receipt
    try {
      form.elements.receipt.value = atob(told.get("receipt").replace(/-/g, "+").replace(/_/g, "/"));
    } catch (fault) {
      form.elements.receipt.value = told.get("receipt"); // the check says that this is none
    }
    form.elements.person.value = told.get("person") || "";
    check(false);
  }

  box.hidden = false;
  files(few()).catch(() => null); // so that it works without a network from now on
  fromAddress();
  addEventListener("hashchange", fromAddress);

  const choose = (chosen) => { own = chosen; };
  return { say, make, numbers, compared, run, progress, files, choose, published, box };
})();
