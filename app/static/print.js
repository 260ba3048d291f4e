// The print dialog comes by itself, save where something is to be read first. Without this file Ctrl+P does the same.
const button = document.querySelector("button");
button.hidden = false;
button.addEventListener("click", () => print());
if ("print" in document.body.dataset) addEventListener("load", () => print());
