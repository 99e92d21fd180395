// Where one is stands in the address: `#/timeline/2024-03`, or `#<id of a message>`, which other pages of the bundle link to.
const SECTIONS = [["", "overview"], ...(FACTS.letter ? [["letter", "letter"]] : []), ["timeline", "timeline"], ["conversations", "conversations"], ["people", "people"], ["attachments", "attachments"]];
let place = { list: null, reading: null };
let beforeSearch = "#/timeline";

function layout(kind, reading) {
  $("page").hidden = kind !== "page";
  $("list").hidden = kind !== "list";
  $("reading").hidden = !reading && kind !== "list";
  document.body.dataset.view = reading ? "reading" : kind;
}

async function showSection(name, argument) {
  const key = `${name}/${argument}`;
  if (place.list === key) return;
  place.list = key;
  highlighted = name === "search" ? highlighted : [];
  layout(["timeline", "conversations", "person", "search"].includes(name) ? "list" : "page", false);
  document.title = `${FACTS.client}: ${say(SECTIONS.some(([known]) => known === name) ? SECTIONS.find(([known]) => known === name)[1] : "correspondence")}`;
  if (name === "timeline") showTimeline(argument);
  else if (name === "search") {
    if ($("query").value.trim() !== argument) $("query").value = argument;
    await showResults(argument);
  } else if (name === "person") await showPerson(Number(argument) - 1);
  else if (name === "conversations") await showConversations();
  else if (name === "letter" && FACTS.letter) await showMemo();
  else if (name === "people") showPeople();
  else if (name === "attachments") await showFiles(argument);
  else showOverview();
}

let turn = 0;
async function showReading(key, make) {
  turn += 1;
  const mine = turn;
  place.reading = key;
  let parts;
  try {
    parts = await make();
  } catch (error) {
    parts = [complain(error)];
  }
  if (mine !== turn) return;
  const pane = $("reading");
  pane.replaceChildren(...parts);
  pane.scrollTop = 0;
  layout("list", true);
  markCurrent();
  const title = pane.querySelector("h2");
  document.title = title ? title.textContent : FACTS.client;
  if (document.activeElement === document.body || !document.activeElement.closest("#list") || getComputedStyle($("list")).display === "none") {
    if (title) title.focus({ preventScroll: true });
  }
}

function emptyReading() {
  turn += 1;
  place.reading = null;
  $("reading").replaceChildren(h("p", { class: "empty" }, say("chooseMessage")));
  markCurrent();
}

async function go() {
  const hash = decode(location.hash.slice(1));
  const id = /^\d{4,}-\d\d-\d\d_\d+_[0-9a-f]{8}$/.test(hash) ? find(hash) : -1;
  const [, name, argument] = /^\/([a-z]*)\/?(.*)$/.exec(hash) || [null, "", ""];
  if (id >= 0) {
    if (!place.list || $("list").hidden) await showSection("timeline", monthOf(messages[id][ROW.at]));
    await showReading(hash, () => showMessage(id));
  } else if (name === "conversation") {
    if (!place.list || $("list").hidden) await showSection("conversations", "");
    await showReading(hash, () => showConversation(Number(argument) - 1));
  } else {
    const again = place.list === `${name}/${argument}`;
    if (again && place.reading) layout("list", false);
    await showSection(name, argument);
    emptyReading();
    if (!again && name !== "search") focusHeading();
  }
  for (const link of $("sections").children) {
    const current = (place.list || "").split("/")[0] === link.dataset.name;
    if (current) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else link.removeAttribute("aria-current");
  }
}

function focusHeading() {
  const heading = document.querySelector("#page:not([hidden]) h1, #page:not([hidden]) h2");
  if (heading && document.activeElement !== $("query")) heading.focus({ preventScroll: true });
}

function closeReading() {
  if (document.body.dataset.view !== "reading") return;
  const current = $("list").querySelector('[aria-current="true"]');
  location.hash = `#/${place.list.replace(/\/$/, "")}`;
  if (current) current.focus();
}

let typed = 0;
function searchNow() {
  clearTimeout(typed);
  const query = $("query").value.trim();
  if (!query) return leaveSearch();
  if (!(place.list || "").startsWith("search/")) beforeSearch = place.list ? `#/${place.list.replace(/\/$/, "")}` : "#/";
  const target = `#/search/${encodeURIComponent(query)}`;
  if (location.hash === target || place.list === `search/${query}`) return;
  // Without waiting for `hashchange`: the next letter may come before it. One step back leaves the search, not a letter.
  if ((place.list || "").startsWith("search/")) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  go();
}

function leaveSearch() {
  if ((place.list || "").startsWith("search/")) location.hash = beforeSearch;
}

function dress() {
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  $("query").placeholder = say("searchHint");
  $("help").setAttribute("aria-label", say("keys"));
  $("help").title = say("keys");
  $("language").value = language;
  $("sections").setAttribute("aria-label", say("sections"));
  $("sections").replaceChildren(...SECTIONS.map(([name, key]) => h("a", { href: `#/${name}`, "data-name": name }, say(key))));
  const theme = recall("theme") || "auto";
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = { auto: "◐", light: "○", dark: "●" }[theme];
  $("theme").setAttribute("aria-label", `${say("theme")}: ${say(`theme.${theme}`)}`);
  $("theme").title = $("theme").getAttribute("aria-label");
}

function again() {
  formats.clear();
  dress();
  place = { list: null, reading: null };
  go();
}

$("language").addEventListener("change", (event) => { remember("language", event.target.value); chooseLanguage(event.target.value); again(); });
$("theme").addEventListener("click", () => {
  const themes = ["auto", "light", "dark"];
  remember("theme", themes[(themes.indexOf(recall("theme") || "auto") + 1) % 3]);
  dress();
});
$("help").addEventListener("click", showKeys);
$("query").addEventListener("input", () => { clearTimeout(typed); typed = setTimeout(searchNow, 0); });
$("query").form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", go);
addEventListener("beforeprint", () => { if (shownList && document.body.dataset.view === "list") shownList.drawAll(); });
addEventListener("afterprint", () => { if (shownList && document.body.dataset.view === "list") shownList.redraw(); });

chooseLanguage();
dress();
$("app").hidden = false;
layout("page", false);
showOverview();
place.list = "/";

const whole = loadMessages(() => {
  if (shownList && shownList.refill) {
    shownList.refill();
    if (shownList.wanted) revealMonth(shownList);
  }
  document.documentElement.dataset.loaded = messages.length;
});
// The first rows are enough for everything but a message, a person or a search.
const early = /^#\/(timeline|people|)($|\/)/.test(location.hash || "#/");
(early ? Promise.resolve() : whole).then(() => { place.list = location.hash ? null : "/"; return go(); });
whole.then(() => {
  document.documentElement.dataset.ready = "yes";
  prepareSlowly();
  if (["people/", "attachments/"].includes(place.list)) { place.list = null; go(); }
}).catch((error) => $("page").prepend(complain(error)));
