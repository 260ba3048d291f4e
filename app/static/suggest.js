// What somebody means who types: [data-suggest] asks its address and offers below the field what it found, chosen by the
// arrow keys and Enter or by a click; what is known of it stands beside then. Without this file a whole name or number does.
for (const field of document.querySelectorAll("[data-suggest]")) {
  const list = document.createElement("ul");
  const beside = document.createElement("div");
  let found = [];
  let active = -1;
  let asked = 0;

  list.id = `found-${field.name}`;
  list.className = "found";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.getAttribute("aria-label") ?? field.labels[0].textContent.trim());
  beside.className = "beside";
  beside.setAttribute("role", "status");
  (field.closest("label") ?? field).after(list, beside);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id]]) {
    field.setAttribute(name, value);
  }

  const show = (open) => {
    list.hidden = !open || found.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    if (list.hidden) active = -1;
    for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === active));
    if (active < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", list.children[active].id);
    list.children[active].scrollIntoView({ block: "nearest" });
  };

  show(false);

  const line = (one) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = one.at;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = one.label;
    item.append(link);
    return item;
  };

  const choose = (one) => {
    field.value = one.value;
    const tickets = document.createElement("ul");
    tickets.append(...(one.tickets ?? []).map(line));
    beside.replaceChildren(`${one.label} · ${one.beside}`, tickets);
    show(false);
  };

  field.addEventListener("input", async () => {
    beside.replaceChildren();
    const text = field.value.trim();
    const mine = ++asked;
    try {
      const answer = text ? await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(text)}`) : null;
      if (mine !== asked) return;
      found = answer?.ok ? (await answer.json()).found : [];
    } catch {
      found = [];
    }
    active = -1;
    list.replaceChildren(
      ...found.map((one, at) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${at}`;
        option.setAttribute("role", "option");
        option.textContent = `${one.label} · ${one.beside}`;
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault(); // the field keeps the focus
          choose(one);
        });
        return option;
      }),
    );
    show(document.activeElement === field);
  });

  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) active = Math.min(found.length - 1, Math.max(0, active + steps[event.key]));
    else if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") return show(false);
    if (event.key === "Enter" && (active >= 0 || found.length === 1)) return choose(found[Math.max(0, active)]);
    if (event.key === "Enter") active = 0; // of several nobody is meant until one is chosen
    show(true);
  });
  field.addEventListener("blur", () => show(false));
}
