// Calls the npm clients as a program of theirs would: a JSON list of calls comes in, what each gave goes out.
// Their hosts are written into them, so every request of https is sent to the sandbox instead.
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { sandbox, calls, accounts } = JSON.parse(await text(process.stdin));
const { hostname, port } = new URL(sandbox);

https.request = (options, ...more) => {
  const asked = options.hostname ?? options.host;
  if (!asked.endsWith(".weixin.qq.com")) throw new Error(`not WeChat's: ${asked}`);
  return http.request({ ...options, protocol: "http:", host: hostname, hostname, port, agent: undefined }, ...more);
};

const require = createRequire(import.meta.url);
const Api = require("co-wechat-api");
const Crypto = require("wechat-crypto");
const OAuth = require("wechat-oauth");

const made = Object.fromEntries(
  Object.entries(accounts).map(([name, { appid, secret, token, aes_key }]) => {
    const oauth = new OAuth(appid, secret);
    return [name, { api: new Api(appid, secret), oauth, crypto: new Crypto(token, aes_key, appid) }];
  }),
);

function answered(client, method, args) {
  const waits = client instanceof OAuth && !method.startsWith("getAuthorizeURL");
  if (!waits) return client[method](...args);
  return new Promise((good, bad) => {
    client[method](...args, (error, result) => (error ? bad(error) : good(result)));
  });
}

const results = [];
for (const [account, client, method, ...args] of calls) {
  try {
    const got = await answered(made[account][client], method, args);
    results.push({ got: Buffer.isBuffer(got) ? { base64: got.toString("base64") } : got });
  } catch (error) {
    results.push({ code: error.code, message: error.message });
  }
}
console.log(JSON.stringify(results));
process.exit();
