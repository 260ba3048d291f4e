// The countdown ticks; without script it stands as it was when the page was made.
const clock = document.querySelector("[data-until]");
const shown = ["days", "hours", "minutes"].map((name) => clock.querySelector(`[data-${name}]`));
const tick = () => {
  const minutes = Math.floor((Date.parse(clock.dataset.until) - Date.now()) / 60000);
  if (minutes < 0) return;
  [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60].forEach((value, n) => {
    shown[n].textContent = value;
  });
  setTimeout(tick, 5000);
};
tick();
