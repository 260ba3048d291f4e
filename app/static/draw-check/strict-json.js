// JSON as docs/lottery.md has it: strict RFC 8259, no key twice, no number with a fraction, an exponent or
// more than twenty signs, at most sixteen lists and objects in each other.
"use strict";

const strictJson = (() => {
  const NUMBER = /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
  const PLAIN = /[^"\\\u0000-\u001f]*/y;
  const ESCAPE = /\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))/y;
  const MEANS = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
  const DEEPEST = 16;
  const WORDS = { true: true, false: false, null: null };

  class Unreadable extends Error {}

  /** Objects become Maps, their keys in any order; throws Unreadable. */
  function read(bytes) {
    let text;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (fault) {
      throw new Unreadable("not UTF-8");
    }
    let at = 0, depth = 0;

    function take(pattern) {
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (!found) throw new Unreadable(`at ${at}`);
      at = pattern.lastIndex;
      return found;
    }

    function space() {
      while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
    }

    function next(sign) {
      space();
      if (text[at] !== sign) return false;
      at += 1;
      return true;
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
      if (next("{")) return deeper(object);
      if (next("[")) return deeper(list);
      if (next('"')) return string();
      const word = Object.keys(WORDS).find((one) => text.startsWith(one, at));
      if (!word) return number();
      at += word.length;
      return WORDS[word];
    }

    function deeper(inside) {
      depth += 1;
      if (depth > DEEPEST) throw new Unreadable(`too deep at ${at}`);
      const found = inside();
      depth -= 1;
      return found;
    }

    function number() {
      const [digits] = take(NUMBER);
      if (digits.length > 20) throw new Unreadable(`a long number at ${at}`);
      return Number(digits);
    }

    const found = value();
    space();
    if (at !== text.length) throw new Unreadable(`more at ${at}`);
    return found;
  }

  return { read, Unreadable };
})();
