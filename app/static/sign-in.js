// Asks whether the phone has confirmed, then sends the form; without script the button does it.
const form = document.querySelector("[data-scan]");
const ask = async () => {
  const answer = await fetch(form.dataset.scan).then((response) => response.json()).catch(() => ({ state: "waiting" }));
  if (answer.state === "confirmed") form.requestSubmit();
  else if (answer.state === "over") form.querySelector("[data-over]").hidden = false;
  else setTimeout(ask, 2000);
};
setTimeout(ask, 2000);
