// The print dialog comes by itself, save where something is to be read first. Without this file Ctrl+P does the same.
const button = document.querySelector("button");
button.hidden = false;
button.addEventListener("click", () => print());
// What is printed before its font has come has boxes or another face; where it does not come, what the PC has must do.
const lettered = document.fonts.load("1em 'Slip Sans'", "印").catch(() => {});
if ("print" in document.body.dataset) addEventListener("load", () => lettered.then(() => print()));
