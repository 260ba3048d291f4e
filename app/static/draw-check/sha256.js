// SHA-256 (FIPS 180-4) and HMAC (RFC 2104): a phone of 2019 has no WebCrypto on a page without https.
"use strict";

const sha256 = (() => {
  const ROUND = Int32Array.of(
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2);
  const START = Int32Array.of(
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
  // One of each for all hashes: nothing here waits in the middle of one.
  const words = new Int32Array(64), state = new Int32Array(8), block = new Uint8Array(64);

  function compress(bytes, at) {
    for (let i = 0; i < 16; i++, at += 4)
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15], y = words[i - 2];
      words[i] = (words[i - 16] + words[i - 7]
        + (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3))
        + (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10))) | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
      const first = (h + ROUND[i] + words[i] + ((e & f) ^ (~e & g))
        + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7)))) | 0;
      const second = (((a & b) ^ (a & c) ^ (b & c))
        + (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10)))) | 0;
      h = g; g = f; f = e; e = (d + first) | 0;
      d = c; c = b; b = a; a = (first + second) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  }

  /** The hash of the parts one after the other, going on from a state that has taken in `length` bytes. */
  function from(begun, length, parts) {
    state.set(begun);
    let filled = 0;
    for (const part of parts) {
      length += part.length;
      for (let at = 0; at < part.length;) {
        if (filled === 0 && part.length - at >= 64) {
          compress(part, at);
          at += 64;
          continue;
        }
        while (filled < 64 && at < part.length) block[filled++] = part[at++];
        if (filled === 64) {
          compress(block, 0);
          filled = 0;
        }
      }
    }
    block[filled++] = 0x80;
    if (filled > 56) {
      block.fill(0, filled);
      compress(block, 0);
      filled = 0;
    }
    block.fill(0, filled, 56);
    toBytes(Math.floor(length / 0x20000000), 56);
    toBytes(length << 3, 60);
    compress(block, 0);
    const found = new Uint8Array(32);
    for (let i = 0, at = 0; i < 8; i++, at += 4) {
      const word = state[i];
      found[at] = word >>> 24; found[at + 1] = word >>> 16; found[at + 2] = word >>> 8; found[at + 3] = word;
    }
    return found;
  }

  function toBytes(word, at) {
    block[at] = word >>> 24; block[at + 1] = word >>> 16; block[at + 2] = word >>> 8; block[at + 3] = word;
  }

  const of = (...parts) => from(START, 0, parts);

  /** The HMAC under one key, its two pads hashed once. */
  function hmac(key) {
    const short = key.length > 64 ? of(key) : key;
    const pads = [0x36, 0x5c].map((pad) => {
      const bytes = new Uint8Array(64).fill(pad);
      short.forEach((byte, i) => { bytes[i] ^= byte; });
      state.set(START);
      compress(bytes, 0);
      return state.slice();
    });
    return (...parts) => from(pads[1], 64, [from(pads[0], 64, parts)]);
  }

  return { of, hmac };
})();
