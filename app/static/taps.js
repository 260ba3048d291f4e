// Taps without a network wait on the phone, are shown as waiting, and leave once when it is back: each with its own
// key, so that the service takes it once, and with how long ago it was, which a wrong clock does not change.
(() => {
  const box = document.querySelector("[data-taps]");
  const list = box.querySelector("ul");
  const PAUSE = 5_000;
  const KEPT = "taps";

  let taps = [];
  try {
    taps = JSON.parse(localStorage.getItem(KEPT)) ?? [];
  } catch { /* a private window keeps nothing: then only this page knows */ }
  const keep = () => {
    try {
      localStorage.setItem(KEPT, JSON.stringify(taps));
    } catch { /* as above */ }
  };

  const line = (tap) => {
    const item = document.createElement("li");
    const time = new Date(tap.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    item.textContent = tap.refused ? `${tap.what} ${time}: ${tap.refused}` : `${tap.what} ${time} · ${box.dataset.waits}`;
    if (!tap.refused) return item;
    const away = document.createElement("button");
    away.type = "button";
    away.className = "quiet";
    away.textContent = box.dataset.read;
    away.addEventListener("click", () => {
      taps = taps.filter((one) => one !== tap);
      keep();
      show();
    });
    item.append(away);
    return item;
  };

  const show = () => {
    list.replaceChildren(...taps.map(line));
    box.hidden = taps.length === 0;
    for (const form of document.querySelectorAll("form[data-tap]")) {
      const waits = taps.some((tap) => tap.action === form.getAttribute("action") && !tap.refused);
      for (const button of form.querySelectorAll("button")) button.disabled = waits;
    }
  };

  // True when the service has answered for good: then the tap need not wait any more.
  const send = async (tap) => {
    const body = new URLSearchParams(tap.fields);
    body.set("key", tap.key);
    body.set("ago", Math.max(0, Math.round((Date.now() - tap.at) / 1000)));
    const answer = await fetch(tap.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.status >= 500 || answer.status === 429) return false;
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) {
      taps = taps.filter((one) => one !== tap);
      tap.next = told.next;
    } else {
      tap.refused = told.text ?? String(answer.status);
    }
    keep();
    return true;
  };

  let sending = false;
  const sendAll = async () => {
    if (sending) return;
    sending = true;
    let sent = false;
    try {
      for (const tap of taps.filter((one) => !one.refused)) {
        if (!(await send(tap))) break;
        sent ||= !tap.refused;
      }
    } catch { /* no network: at the next turn */ }
    sending = false;
    show();
    if (sent && taps.length === 0 && "stays" in box.dataset) location.reload();
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-tap]");
    if (!form) return;
    event.preventDefault();
    const tap = {
      key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2, 12)}`,
      action: form.getAttribute("action"),
      fields: [...new FormData(form, event.submitter)].filter(([, value]) => typeof value === "string"),
      what: form.dataset.tap,
      at: Date.now(),
    };
    taps.push(tap);
    keep();
    show();
    await sendAll();
    if (tap.next && !("stays" in box.dataset)) location.assign(tap.next);
  });

  addEventListener("online", sendAll);
  document.addEventListener("renewed", show);
  document.addEventListener("visibilitychange", sendAll);
  setInterval(() => { if (taps.some((tap) => !tap.refused)) sendAll(); }, PAUSE);
  show();
  sendAll();
})();
