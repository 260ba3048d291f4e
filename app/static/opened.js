// Says that somebody looks at this page. Without script, accepting says so.
const opened = document.querySelector("form[data-opened]");
const say = () => {
  if (document.visibilityState !== "visible") return;
  document.removeEventListener("visibilitychange", say);
  fetch(opened.action, { method: "POST", body: new URLSearchParams(new FormData(opened)), keepalive: true });
};
document.addEventListener("visibilitychange", say);
say();
