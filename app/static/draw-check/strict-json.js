// JSON as docs/lottery.md has it: strict RFC 8259, no key twice, no number with a fraction, an exponent or
// more than twenty signs.
"use strict";

const strictJson = (() => {
  const SPACE = /[ \t\n\r]*/y;
  const NUMBER = /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
  const PLAIN = /[^"\\\u0000-\u001f]*/y;
  const ESCAPE = /\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))/y;
  const MEANS = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
  const WORDS = [["true", true], ["false", false], ["null", null]];

  class Unreadable extends Error {}

  /** Objects become Maps, their keys in any order; throws Unreadable. */
  function read(bytes) {
    let text;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (fault) {
      throw new Unreadable("not UTF-8");
    }
    let at = 0;

    function take(pattern) {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (!found) throw new Unreadable(`at ${at}`);
      at = pattern.lastIndex;
      return found;
    }

    function next(sign) {
      take(SPACE);
      const there = text.startsWith(sign, at);
      if (there) at += sign.length;
      return there;
    }

    function need(sign) {
      if (!next(sign)) throw new Unreadable(`${sign} wanted at ${at}`);
    }

    function string() {
      let found = take(PLAIN)[0];
      while (text[at] !== '"') {
        const [, sign, code] = take(ESCAPE);
        found += code ? String.fromCharCode(parseInt(code, 16)) : MEANS[sign] || sign;
        found += take(PLAIN)[0];
      }
      at += 1;
      return found;
    }

    function object() {
      const found = new Map();
      if (next("}")) return found;
      do {
        need('"');
        const key = string();
        if (found.has(key)) throw new Unreadable(`${key} twice`);
        need(":");
        found.set(key, value());
      } while (next(","));
      need("}");
      return found;
    }

    function list() {
      const found = [];
      if (next("]")) return found;
      do found.push(value()); while (next(","));
      need("]");
      return found;
    }

    function value() {
      if (next("{")) return object();
      if (next("[")) return list();
      if (next('"')) return string();
      for (const [word, meant] of WORDS) if (next(word)) return meant;
      const [sign] = take(NUMBER);
      if (sign.length > 20) throw new Unreadable(`a long number at ${at}`);
      return Number(sign);
    }

    const found = value();
    take(SPACE);
    if (at !== text.length) throw new Unreadable(`more at ${at}`);
    return found;
  }

  return { read, Unreadable };
})();
