// What was typed and not taken is kept in this tab until its form is shown again; nothing is chosen for anybody.
const KEPT = "typed";
const refused = document.querySelector("[data-typed]");
const store = (value) => {
  try {
    if (value) sessionStorage.setItem(KEPT, JSON.stringify(value));
    else sessionStorage.removeItem(KEPT);
  } catch { /* a private window keeps nothing */ }
};
const kept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
};
if (refused) {
  const fields = Object.fromEntries([...refused.querySelectorAll("input")].map((one) => [one.name, one.value]));
  store({ path: new URL(refused.dataset.typed, location.href).pathname, fields });
} else {
  const found = kept();
  if (found?.path === location.pathname) {
    for (const [name, text] of Object.entries(found.fields)) {
      for (const field of document.getElementsByName(name)) {
        if (!field.matches("textarea, input[type=text], input[type=tel], input:not([type])") || field.value) continue;
        field.value = text;
        for (let around = field.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
      }
    }
    store(null);
  }
}
