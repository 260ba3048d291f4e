// The countdown ticks on from what the server's clock said; without script it stands as it was when the page was made.
const shown = ["days", "hours", "minutes"].map((name) => document.querySelector(`[data-until] [data-${name}]`));
const [days, hours, minutes] = shown.map((one) => Number(one.textContent));
const tick = () => {
  const left = days * 1440 + hours * 60 + minutes - Math.floor(performance.now() / 60000);
  if (left < 0) return;
  [Math.floor(left / 1440), Math.floor(left / 60) % 24, left % 60].forEach((value, n) => { shown[n].textContent = value; });
  setTimeout(tick, 5000);
};
tick();
