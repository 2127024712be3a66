// The desk works without this file. It adds: keys, and opening a lead beside the list.
const $ = (selector, from = document) => from.querySelector(selector), $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const policy = window.trustedTypes ? trustedTypes.createPolicy("desk", { createHTML: html => html }) : { createHTML: html => html };
const list = $("[data-list]"), rows = list ? $$("tbody tr", list) : [], panel = $("#panel"), wide = matchMedia("(min-width: 68.01rem)");
const keysOn = () => localStorage.getItem("keys") !== "off";
let latest = 0;

async function show(row, { focus = false } = {}) {
  rows.forEach(other => other.removeAttribute("aria-current"));
  row.setAttribute("aria-current", "true");
  if (focus) { row.scrollIntoView({ block: "nearest" }); $("[data-open]", row).focus({ preventScroll: true }); }
  if (!panel || !wide.matches) return;
  const turn = ++latest;
  panel.hidden = false;
  const late = setTimeout(() => panel.setAttribute("aria-busy", "true"), 300);
  const answer = await fetch($("[data-open]", row).href, { headers: { "X-Part": "panel" } }).catch(() => null);
  clearTimeout(late);
  panel.removeAttribute("aria-busy");
  // The session is over: the page itself leads to the sign-in, and back.
  if (answer?.status === 401) { location.reload(); return; }
  // Only the panel itself, of our own origin and escaped on the server, is put into the page; and only the last one asked for.
  if (turn === latest && answer?.ok && answer.headers.get("X-Part") === "panel") panel.innerHTML = policy.createHTML(await answer.text());
}
const current = () => rows.findIndex(row => row.hasAttribute("aria-current"));
const move = by => { const row = rows[Math.min(rows.length - 1, Math.max(0, current() + by))]; if (row) show(row, { focus: true }); };
const press = (selector, from) => $(selector, from)?.click();
const here = () => (list ? rows[current()] ?? document : document);
const result = () => {
  if (list) { const link = $("[data-open]", here()); if (link) location.href = link.href + "#result"; return; }
  const form = $("#result"); if (form) { form.scrollIntoView(); $("input", form)?.focus(); }
};

const KEYS = {
  j: () => list ? move(1) : press("a[rel=next]"), k: () => list ? move(-1) : press("a[rel=prev]"),
  t: () => press("[data-take], [data-release]", here()), c: () => press("[data-company]"), b: () => press(".act a[target=_blank]"), r: result,
  "/": () => $(".filters select")?.focus(), "?": () => $("#keys")?.showModal(),
};
addEventListener("keydown", event => {
  if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
  const act = KEYS[event.key.toLowerCase()];
  if (act) { event.preventDefault(); act(); }
});
list?.addEventListener("click", event => {
  const row = event.target.closest("tbody tr");
  if (!row || event.target.closest("button, a:not([data-open])")) return;
  if (event.target.closest("[data-open]") && (!wide.matches || event.ctrlKey || event.metaKey || row.hasAttribute("aria-current"))) return;
  event.preventDefault();
  if (wide.matches) show(row); else $("[data-open]", row).click();
});
$$("[data-keys]").forEach(button => { button.hidden = false; button.addEventListener("click", () => $("#keys").showModal()); });
$$("[data-keys-on]").forEach(box => { box.checked = keysOn(); box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off")); });
$$("[data-submit]").forEach(field => field.addEventListener("change", () => field.form.requestSubmit()));
// A double click sends a form once.
addEventListener("submit", event => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => $$("form").forEach(form => delete form.dataset.sent));
addEventListener("DOMContentLoaded", () => { const row = rows[current()]; if (row && wide.matches) show(row); });
const said = $("#said");
if (said?.textContent) {
  setTimeout(() => { said.textContent = ""; }, 6000);
  // A reload or the way back does not say it again.
  const address = new URL(location.href); address.searchParams.delete("said"); history.replaceState(null, "", address);
}
