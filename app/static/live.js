// Keeps every [data-live] as it is in the database: asks once a second whether it has changed, and fetches the page
// again when it has. Says since when it cannot. Where somebody is filling something in, it waits until they are done.
// A page that stays (on a wall) keeps its sign-in; others leave it to the person.
(() => {
  const find = (page) => [...page.querySelectorAll("[data-live]")];
  let regions = find(document);
  if (!regions.length) return;
  const changes = regions[0].dataset.changes ?? "/console/changes";
  const lost = document.querySelector("[data-lost]");
  const signedOut = document.querySelector("[data-signed-out]");
  const sound = document.querySelector("[data-sound]");
  const headers = "stays" in regions[0].dataset ? {} : { "X-By-Itself": "1" };
  let version = regions[0].dataset.live;
  let heard = loud();
  let fresh = new Date();
  let audio = null;

  function loud() {
    return new Set((regions[0].dataset.loud || "").split(" ").filter(Boolean));
  }

  function ring() {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = 880;
    volume.gain.value = 0.2;
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.4);
  }

  async function ask(address, more = {}) {
    const answer = await fetch(address, { headers: { ...headers, ...more }, cache: "no-store", signal: AbortSignal.timeout(8000) });
    const sentAway = new URL(answer.url).pathname.endsWith("/sign-in");
    if (sentAway || answer.status === 401 || answer.status === 403) throw new Error("signed out");
    if (!answer.ok && answer.status !== 410) throw new Error(String(answer.status));
    return answer;
  }

  function busy(region) {
    const filled = (one) => one.type !== "hidden" && (one.checked !== one.defaultChecked || one.value !== one.defaultValue);
    return region.querySelector("details[open] form") || [...region.querySelectorAll("form input, form textarea")].some(filled);
  }

  async function renew() {
    const text = await (await ask(location.href, { "X-Region": "1" })).text();
    const next = find(new DOMParser().parseFromString(text, "text/html"));
    if (regions.some(busy)) return;
    if (next.length !== regions.length) return location.reload(); // the page is another one now
    regions.forEach((region, place) => {
      const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      region.replaceWith(next[place]);
      if (focused) [...next[place].querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
    });
    regions = next;
    version = next[0].dataset.live;
    document.dispatchEvent(new Event("renewed"));
    const now = loud();
    if (audio && [...now].some((number) => !heard.has(number))) ring();
    heard = now;
  }

  async function look() {
    try {
      const found = await (await ask(changes)).json();
      if (found.version !== version) await renew();
      fresh = new Date();
      lost.hidden = true;
    } catch (error) {
      if (error.message === "signed out") {
        if (signedOut) signedOut.hidden = false;
        lost.hidden = Boolean(signedOut);
        return;
      }
      lost.querySelector("time").textContent = fresh.toLocaleTimeString();
      lost.hidden = false;
    }
    setTimeout(look, 1000);
  }

  if (sound && "AudioContext" in window) {
    sound.hidden = false;
    sound.addEventListener("click", () => {
      const on = sound.getAttribute("aria-pressed") !== "true";
      sound.setAttribute("aria-pressed", String(on));
      audio = on ? new AudioContext() : null;
      if (on) ring();
    });
  }
  setTimeout(look, 1000);
})();
