// The whole check beside the page, so that the page stays quick: files come in, checks go out, null at the end.
"use strict";
importScripts("sha256.js", "strict-json.js", "forms.js", "rule.js", "verifier.js");

onmessage = ({ data }) => {
  for (const one of verifier.checks(data)) postMessage(one);
  postMessage(null);
};
