// Shows the scenes of this page one by one. Nothing is fetched and nothing is chosen: it is all there already.
const root = document.documentElement;
const scenes = [...document.querySelectorAll(".scene")];
const [begin, back, next, music, leave] = ["begin", "back", "next", "music", "leave"].map((name) => document.querySelector(`[data-${name}]`));
const controls = document.querySelector(".controls");
const stage = document.querySelector(".stage");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let here = -1;

// Paper flies for six seconds, then the canvas is gone.
const confetti = document.querySelector(".confetti");
const COLOURS = ["#067a3f", "#07c160", "#f5a623", "#d64545", "#3b6fd6"];
let flying = 0;
const rest = () => {
  cancelAnimationFrame(flying);
  confetti.hidden = true;
};
const celebrate = () => {
  rest();
  if (calm.matches) return;
  confetti.hidden = false;
  confetti.width = innerWidth;
  confetti.height = innerHeight;
  const pen = confetti.getContext("2d");
  const papers = Array.from({ length: 160 }, (_, n) => ({
    x: Math.random() * innerWidth, y: -Math.random() * innerHeight, fall: 2 + Math.random() * 3, turn: Math.random() * 6, colour: COLOURS[n % COLOURS.length],
  }));
  const until = performance.now() + 6000;
  const draw = (time) => {
    if (time > until) return rest();
    pen.clearRect(0, 0, confetti.width, confetti.height);
    papers.forEach((paper) => {
      paper.y += paper.fall;
      paper.turn += 0.08;
      pen.save();
      pen.translate(paper.x + Math.sin(paper.turn) * 12, paper.y);
      pen.rotate(paper.turn);
      pen.fillStyle = paper.colour;
      pen.fillRect(-5, -3, 10, 6 * Math.abs(Math.cos(paper.turn)) + 1);
      pen.restore();
    });
    flying = requestAnimationFrame(draw);
  };
  flying = requestAnimationFrame(draw);
};

// Off until somebody wants it: a plain rising chord at each scene.
let audio = null;
const chime = (feast) => {
  if (!audio) return;
  (feast ? [523, 659, 784, 1047] : [392, 523]).forEach((pitch, n) => {
    const tone = audio.createOscillator(), volume = audio.createGain(), at = audio.currentTime + n * 0.14;
    tone.type = "triangle";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.18, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.9);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.9);
  });
};

const show = (number) => {
  here = Math.max(0, Math.min(number, scenes.length - 1));
  scenes.forEach((scene, n) => { scene.hidden = n !== here; });
  const scene = scenes[here], feast = "feast" in scene.dataset;
  scene.querySelectorAll("tbody tr").forEach((row, n) => { row.style.animationDelay = `${Math.min(n * 0.6, 8)}s`; });
  scene.querySelectorAll(".balls li").forEach((ball, n) => { ball.style.animationDelay = `${n * 0.35}s`; });
  back.disabled = here === 0;
  next.disabled = here === scenes.length - 1;
  if (feast) celebrate();
  else rest();
  chime(feast);
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
  rest();
  scenes.forEach((scene) => { scene.hidden = false; });
  if (document.fullscreenElement) document.exitFullscreen();
  begin.focus();
};

document.querySelector("[data-scripted]").hidden = false;
stage.setAttribute("aria-live", "polite");
music.hidden = !("AudioContext" in window);
begin.addEventListener("click", play);
back.addEventListener("click", () => show(here - 1));
next.addEventListener("click", () => show(here + 1));
leave.addEventListener("click", stop);
music.addEventListener("click", () => {
  const on = music.getAttribute("aria-pressed") !== "true";
  music.setAttribute("aria-pressed", String(on));
  audio = on ? new AudioContext() : null;
  chime(false);
});
document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) stop(); });
document.addEventListener("keydown", (event) => {
  if (!playing()) return;
  const step = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (event.key === "Escape") stop();
  else if (step && !(event.key === " " && event.target.closest("button, summary"))) {
    event.preventDefault();
    show(here + step);
  }
});
