// Everything can be done without a mouse.
const keyRows = () => [["j", "k"], ["Enter"], ["Esc"], ["/"], ["n", "p"], ["1", "–", String(SECTIONS.length)], ["?"]];

function showKeys() {
  const dialog = $("keys");
  const close = h("button", { type: "button", on: { click: () => dialog.close() } }, say("close"));
  dialog.replaceChildren(h("h2", { id: "keys-title" }, say("keys")),
    h("dl", {}, keyRows().map((keys, place) => [h("dt", {}, keys.map((key) => (key === "–" ? " – " : h("kbd", {}, key)))), h("dd", {}, say(`key.${place + 1}`))])), close);
  dialog.showModal();
  close.focus();
}

function move(step) {
  if (!shownList || !shownList.rows.length) return;
  const inList = document.activeElement.closest ? document.activeElement.closest("#list li") : null;
  const marked = $("list").querySelector('[aria-current="true"]');
  const here = inList || (marked && marked.closest("li"));
  const at = here ? Number(here.getAttribute("aria-posinset")) - 1 : -1;
  let place = shownList.rows.findIndex((row) => row >= at);
  if (here) place = Math.min(shownList.rows.length - 1, Math.max(0, place + step));
  const row = shownList.reveal(shownList.rows[Math.max(0, place)]);
  const entry = row && row.querySelector(".entry");
  if (!entry) return;
  for (const other of $("list").querySelectorAll('.entry[tabindex="0"]')) other.tabIndex = -1;
  entry.tabIndex = 0;
  entry.focus({ preventScroll: true });
  return entry;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
  if (event.key === "Escape") {
    if (typing && $("query").value && document.activeElement === $("query")) {
      $("query").value = "";
      leaveSearch();
    } else if (typing) document.activeElement.blur();
    else closeReading();
    event.preventDefault();
    return;
  }
  if (document.activeElement === $("query") && (event.key === "ArrowDown" || event.key === "Enter")) {
    event.preventDefault();
    searchNow();
    const first = move(1);
    if (first && event.key === "Enter") first.click();
    return;
  }
  if (typing) return;
  const act = {
    "/": () => { $("query").focus(); $("query").select(); },
    "?": showKeys,
    j: () => move(1), k: () => move(-1),
    n: () => { const entry = move(1); if (entry) entry.click(); },
    p: () => { const entry = move(-1); if (entry) entry.click(); },
  }[event.key];
  const section = SECTIONS[Number(event.key) - 1];
  if (act) act();
  else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement.closest("#list")) move(event.key === "ArrowDown" ? 1 : -1);
  else if (section) location.hash = `#/${section[0]}`;
  else return;
  event.preventDefault();
});
