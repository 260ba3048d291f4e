// The code itself needs no network. That it was shown is kept here until the service has heard it.
const form = document.querySelector("form[data-shown]");
const action = form.getAttribute("action"); // empty on a page that only tells what is still to be told
const key = `${action}#${form.dataset.shown}`; // each completion is shown for itself
const BEGAN = Date.now();
const ATTENDED = 10 * 60_000; // nobody holds it out longer: then the phone may sleep
const PAUSE = 4_000;
const said = (name) => document.querySelector(`[data-said=${name}]`);
const attended = () => Date.now() - BEGAN < ATTENDED;
const looked = () => document.visibilityState === "visible";

let waiting = {};
try {
  waiting = JSON.parse(localStorage.getItem("shown")) ?? {};
} catch { /* a private window keeps nothing: then only this page knows */ }
const keep = () => {
  try {
    localStorage.setItem("shown", JSON.stringify(waiting));
  } catch { /* as above */ }
};

const tell = async (one, { cycle, at }) => {
  const body = new URLSearchParams(new FormData(form));
  body.set("cycle", cycle);
  body.set("ago", Math.max(0, Math.round((Date.now() - at) / 1000)));
  const answer = await fetch(one.split("#")[0], { method: "POST", body, keepalive: true });
  if (![204, 404, 422].includes(answer.status)) return; // the last two will never be taken
  delete waiting[one];
  keep();
  if (answer.ok && one === key) said("shown").hidden = false;
};

let telling = false;
const tellAll = async () => {
  if (telling) return;
  telling = true;
  try {
    for (const [one, shown] of Object.entries(waiting)) await tell(one, shown);
  } catch { /* no network: at the next turn */ }
  telling = false;
  if (action) said("waiting").hidden = !(key in waiting);
};

const show = () => {
  if (!looked() || !said("shown").hidden || key in waiting) return;
  waiting[key] = { cycle: form.dataset.shown, at: Date.now() };
  keep();
};

const ask = async () => {
  if (!said("opened").hidden) return;
  try {
    const answer = await fetch(action.replace(/shown$/, "code/opened"));
    if (answer.status === 200) said("opened").hidden = false;
  } catch { /* no network: at the next turn */ }
};

let lock;
const stayAwake = async () => {
  try {
    if (looked() && attended()) lock = await navigator.wakeLock.request("screen");
  } catch { /* this browser, or its battery, will not */ }
};

const turn = async () => {
  if (action) show();
  await tellAll();
  if (action && looked()) await ask();
};

addEventListener("online", turn);
document.addEventListener("visibilitychange", turn);
turn();
if (action) {
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
  const turns = setInterval(() => {
    if (attended()) return turn();
    clearInterval(turns);
    return lock?.release();
  }, PAUSE);
}
