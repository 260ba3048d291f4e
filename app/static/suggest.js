// Whom the caller is, while it is typed: [data-suggest] asks its address and offers what is found in its list. Without
// this file a whole name or staff number does.
for (const field of document.querySelectorAll("[data-suggest]")) {
  const list = document.getElementById(field.getAttribute("list"));
  const beside = document.getElementById(field.dataset.beside);
  let found = [];
  let asked = 0;

  field.addEventListener("input", async () => {
    const known = found.find((one) => one.value === field.value);
    beside.textContent = known ? `${known.label} · ${known.beside}` : "";
    if (known || !field.value.trim()) return;
    const mine = ++asked;
    try {
      const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(field.value.trim())}`);
      if (!answer.ok || mine !== asked) return;
      found = (await answer.json()).people;
    } catch {
      return;
    }
    list.replaceChildren(
      ...found.map((one) => {
        const option = document.createElement("option");
        option.value = one.value;
        option.textContent = `${one.label} · ${one.beside}`;
        return option;
      }),
    );
  });
}
