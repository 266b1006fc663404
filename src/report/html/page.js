// What the page does beyond showing: theme, filters, search, copying. Everything is there without it.
"use strict";

const root = document.documentElement;
root.classList.add("js");

// Some browsers refuse storage to files; then a choice lasts as long as the page.
const remembered = {
  get: () => { try { return sessionStorage.getItem("theme"); } catch { return null; } },
  set: (theme) => { try { sessionStorage.setItem("theme", theme); } catch { /* not remembered */ } },
};
if (["light", "dark"].includes(remembered.get())) root.dataset.theme = remembered.get();

document.addEventListener("DOMContentLoaded", () => {
  startTheme();
  startCopying();
  if (document.getElementById("search")) startFilters();
  if (!CSS.supports("selector(details::details-content)")) startPrinting();
});

function startTheme() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remembered.set(root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

function startCopying() {
  const said = document.getElementById("said");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const copied = await copy(button.parentElement.querySelector("pre"));
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    said.textContent = copied ? "The fix is copied." : "The fix is selected; press Ctrl+C to copy it.";
    setTimeout(() => {
      button.textContent = "Copy";
      said.textContent = "";
    }, 2000);
  });
}

// Copies what an element says; where that is refused, leaves it selected.
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

function startFilters() {
  const search = document.getElementById("search");
  const matches = document.getElementById("matches");
  const form = search.form;
  const severities = [...document.querySelectorAll(".severity")].map((element) => ({
    element,
    controls: [...element.querySelectorAll(".control")].map((control) => ({
      element: control,
      text: control.querySelector("h3").textContent.toLowerCase(),
      severity: element.dataset.severity,
      frameworks: control.dataset.frameworks.split("\n"),
      rest: control.querySelector(".rest"),
      shown: true,
      rows: [...control.querySelectorAll(".r")].map((row) => ({
        element: row, text: null, status: row.dataset.s, change: row.dataset.c, shown: true,
        settled: row.parentElement.parentElement.className === "rest",
      })),
    })),
  }));
  const chosen = { status: new Set(), severity: new Set(), change: new Set(), framework: new Set() };
  const allows = (facet, value) => chosen[facet].size === 0 || chosen[facet].has(value);

  // Changes what is shown only where that differs: most of a long page stays as it is.
  const show = (thing, shown) => {
    if (thing.shown !== shown) thing.element.hidden = !shown;
    thing.shown = shown;
  };
  const text = (row) => (row.text ??= row.element.firstElementChild.textContent.toLowerCase());
  const says = (control, row, words) => words.every((word) => text(row).includes(word) || control.text.includes(word));
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtering = words.length > 0 || Object.values(chosen).some((set) => set.size > 0);
    let count = 0;
    let total = 0;
    for (const severity of severities) {
      let inSeverity = 0;
      for (const control of severity.controls) {
        const fits = allows("severity", control.severity)
          && (chosen.framework.size === 0 || control.frameworks.some((name) => chosen.framework.has(name)));
        let inControl = 0;
        let settled = 0;
        for (const row of control.rows) {
          const shown = fits && allows("status", row.status) && allows("change", row.change)
            && (words.length === 0 || says(control, row, words));
          // What is in a control that is hidden as a whole need not be touched.
          if (fits) show(row, shown);
          if (shown) inControl += 1;
          if (shown && row.settled) settled += 1;
        }
        show(control, inControl > 0);
        if (control.rest) {
          control.rest.hidden = settled === 0;
          control.rest.open = filtering && settled > 0;
        }
        inSeverity += inControl;
        total += control.rows.length;
      }
      severity.element.hidden = inSeverity === 0;
      count += inSeverity;
    }
    const number = (value) => value.toLocaleString("en-US");
    matches.textContent = filtering ? `${number(count)} of ${number(total)} results` : `${number(total)} results`;
  };

  // Read before the first search, so that it is as quick as any.
  setTimeout(() => severities.forEach((severity) => severity.controls.forEach((control) => control.rows.forEach(text))), 100);

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 60);
  });
  form.addEventListener("click", (event) => {
    const { facet, value } = event.target.dataset;
    if (!facet) return;
    const pressed = !chosen[facet].delete(value);
    if (pressed) chosen[facet].add(value);
    event.target.setAttribute("aria-pressed", String(pressed));
    apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    for (const set of Object.values(chosen)) set.clear();
    for (const button of form.querySelectorAll("[aria-pressed=true]")) button.setAttribute("aria-pressed", "false");
    search.value = "";
    apply();
  });
}

// Browsers that cannot print closed details by style alone get them opened.
function startPrinting() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });
}
