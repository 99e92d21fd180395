"use strict";
(() => {
  // A link to a message opens it, also where the browser does not do so by itself.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && target.closest("details");
    if (details) {
      details.open = true;
      details.closest("li").scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);
  reveal();

  const form = document.querySelector("form.filter");
  const rows = [...document.querySelectorAll("li.message, #files tbody tr")];
  if (!form || rows.length < 2) return;
  const months = [...document.querySelectorAll("section.month[id]")];
  const output = form.querySelector("output");
  let texts = null;
  const apply = () => {
    const words = form.elements.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    texts ??= rows.map((row) => row.textContent.toLowerCase());
    let shown = 0;
    rows.forEach((row, place) => {
      row.hidden = !words.every((word) => texts[place].includes(word));
      if (!row.hidden) shown += 1;
    });
    for (const month of months) month.hidden = !month.querySelector("li.message:not([hidden])");
    output.textContent = words.length ? `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")}` : "";
  };
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  form.hidden = false;
})();
