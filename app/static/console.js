// Comfort only; everything works without it. "/" goes to the search field on top; a page that is printed has a button for it.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  const search = document.querySelector("[data-slash]");
  if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});
// A menu that is open closes when one looks elsewhere.
const menus = () => document.querySelectorAll("details.group[open]");
document.addEventListener("click", (event) => menus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
});
// A row opens where its number leads; what stands in it keeps its own click. Arrows go from row to row.
const opens = (row) => row?.querySelector(".id a");
document.addEventListener("click", (event) => {
  const link = opens(event.target.closest("table.list tbody tr"));
  if (!link || event.target.closest("a, button, input, select, textarea, label, summary") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
  else link.click();
});
document.addEventListener("keydown", (event) => {
  const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!way || !event.target.matches("table.list .id a")) return;
  const next = opens(event.target.closest("tr")[way]);
  if (next) event.preventDefault();
  next?.focus();
});
for (const button of document.querySelectorAll("[data-print-page]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
// How many balls are tapped, of how many.
document.querySelectorAll("[data-count]").forEach((group) => {
  const tell = () => {
    group.querySelector("[data-tapped]").textContent = `${group.querySelectorAll(":checked").length} / ${group.dataset.count}`;
  };
  group.addEventListener("change", tell);
  tell();
});
