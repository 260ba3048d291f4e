// Shows the scenes of this page one by one. Nothing is fetched and nothing is chosen: it is all there already.
const root = document.documentElement;
const scenes = [...document.querySelectorAll(".scene")];
const [begin, back, next, leave] = ["begin", "back", "next", "leave"].map((name) => document.querySelector(`[data-${name}]`));
const controls = document.querySelector(".controls");
const stage = document.querySelector(".stage");
let here = -1;

const show = (number) => {
  here = Math.max(0, Math.min(number, scenes.length - 1));
  scenes.forEach((scene, n) => { scene.hidden = n !== here; });
  scenes[here].querySelectorAll("tbody tr").forEach((row, n) => { row.style.animationDelay = `${Math.min(n * 0.4, 8)}s`; });
  back.disabled = here === 0;
  next.disabled = here === scenes.length - 1;
  scrollTo(0, 0);
};
const playing = () => root.classList.contains("playing");
const play = () => {
  root.classList.add("playing");
  controls.hidden = false;
  show(0);
  stage.focus();
  if (root.requestFullscreen) root.requestFullscreen().catch(() => {}); // WeChat has none; the page fills its window
};
const stop = () => {
  if (!playing()) return;
  root.classList.remove("playing");
  controls.hidden = true;
  scenes.forEach((scene) => { scene.hidden = false; });
  if (document.fullscreenElement) document.exitFullscreen();
  begin.focus();
};

document.querySelector("[data-scripted]").hidden = false;
stage.setAttribute("aria-live", "polite");
begin.addEventListener("click", play);
back.addEventListener("click", () => show(here - 1));
next.addEventListener("click", () => show(here + 1));
leave.addEventListener("click", stop);
document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) stop(); });
document.addEventListener("keydown", (event) => {
  if (!playing()) return;
  const step = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (event.key === "Escape") stop();
  else if (step && !(event.key === " " && event.target.closest("button"))) {
    event.preventDefault();
    show(here + step);
  }
});
