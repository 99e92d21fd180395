// Pages beside the lists: what this is, who took part, and the attachments.
const KINDS = {
  pictures: "png jpg jpeg gif webp heic tif tiff bmp svg psd ai",
  pdf: "pdf",
  texts: "doc docx odt rtf txt md pages",
  sheets: "xls xlsx ods csv tsv numbers",
  slides: "ppt pptx odp key",
};
const SHOWN_AT_ONCE = 120;

function openPage(name, ...children) {
  if (shownList) shownList.close();
  shownList = null;
  const page = $("page");
  page.className = `page ${name}`;
  page.replaceChildren(...children.filter(Boolean));
  page.scrollTop = 0;
}

const MOST_MONTHS = 600;
// Every month from the first to the last, also those without a message; of a span beyond all measure only those with one.
function everyMonth() {
  const found = new Map(FACTS.months.map((row) => [row[0], row]));
  const place = (month) => 12 * Number(month.slice(0, 4)) + Number(month.slice(5, 7)) - 1;
  const from = place(FACTS.months[0][0]);
  const count = place(FACTS.months[FACTS.months.length - 1][0]) - from + 1;
  if (!(count <= MOST_MONTHS)) return FACTS.months;
  return Array.from({ length: count }, (_, n) => {
    const month = `${String(Math.floor((from + n) / 12)).padStart(4, "0")}-${String(((from + n) % 12) + 1).padStart(2, "0")}`;
    return found.get(month) || [month, 0, 0];
  });
}

function chart() {
  const most = Math.max(...FACTS.months.map(([, count]) => count), 1);
  const years = new Map();
  for (const [month, count, sent] of everyMonth()) {
    const year = month.slice(0, 4);
    if (!years.has(year)) years.set(year, []);
    const label = `${date(secondsOf(month), "month")}: ${say("messages", { n: count })}`;
    const bar = (part, kind) => h("span", { class: kind, "data-height": Math.round((52 * part) / most) || (part ? 1 : 0) });
    years.get(year).push(h("li", {}, !count ? h("span", { class: "none", title: label }) : h("a", { href: `#/timeline/${month}`, title: label, "aria-label": label }, bar(count - sent, "theirs"), bar(sent, "ours"))));
  }
  const drawn = h("ol", { class: "chart", "aria-label": say("byMonth") },
    [...years].map(([year, months]) => h("li", {}, h("ol", {}, months), h("span", { class: "year" }, String(Number(year))))));
  for (const bar of drawn.querySelectorAll("[data-height]")) bar.style.height = `${bar.dataset.height}px`;
  return drawn;
}

const DAYS = ["day", "from", "to"];
// What limits the bundle, what it adds to, who decided.
function sayNote([name, values]) {
  return say(`note.${name}`, Object.fromEntries(Object.entries(values).map(([key, value]) => [key, DAYS.includes(key) ? dayOf(value) : value])));
}

function showOverview() {
  const span = FACTS.span ? [FACTS.since ? dayOf(FACTS.since) : date(FACTS.span[0], "day"), FACTS.until ? dayOf(FACTS.until) : date(FACTS.span[1], "day")] : null;
  const withheld = Object.values(FACTS.withheld).reduce((sum, count) => sum + count, 0);
  const fact = (count, key, href) => h("li", {}, h(href ? "a" : "span", { href }, h("b", {}, number(count)), " ", say(`fact.${key}`, { n: count })));
  const letter = letterLinks();
  openPage("overview",
    h("header", { class: "cover" },
      h("p", { class: "kicker" }, say("correspondence")),
      h("h1", { tabindex: "-1" }, theirs(FACTS.client)),
      h("p", { class: "span" }, span ? (span[0] === span[1] ? span[0] : say("fromTo", { from: span[0], to: span[1] })) : say("noMessages")),
      h("p", { class: "by" }, FACTS.senders.length ? [say("handedOverBy"), " ", FACTS.senders.map((sender, place) => [place ? ", " : "", theirs(sender)]), ", "] : null, date(FACTS.created, "day")),
      FACTS.notes.map((note) => h("p", { class: "by" }, theirs(sayNote(note))))),
    h("ul", { class: "facts" },
      fact(FACTS.messages, "messages", "#/timeline"), fact(FACTS.attachments, "attachments", "#/attachments"),
      fact(FACTS.people, "people", "#/people"), withheld ? fact(withheld, "withheld", "") : null),
    letter.length ? h("section", { class: "card" }, h("h2", {}, say("letter")), h("p", {}, say("letterNote")),
      h("p", { class: "links" }, FACTS.letter ? h("a", { href: "#/letter" }, say("readLetter")) : null, letter)) : null,
    FACTS.months.length ? h("section", {}, h("h2", {}, say("byMonth")), chart(),
      h("p", { class: "note legend" }, h("span", { class: "theirs" }), say("received"), h("span", { class: "ours" }), say("sentByUs"))) : null,
    h("section", {}, h("h2", {}, say("withheld")), withheldPart(withheld)),
    besidePart(),
    importPart(),
    verifyPart(),
    h("footer", { class: "note" }, say("madeWith", { version: FACTS.version })));
}

function withheldPart(total) {
  if (!total) return h("p", {}, say("nothingWithheld"));
  return [h("p", {}, say("withheldNote", { n: total })),
    h("ul", { class: "plain-list" }, Object.entries(FACTS.withheld).map(([reason, count]) =>
      h("li", {}, h("b", {}, number(count)), " ", say(`reason.${reason}`) === `reason.${reason}` ? theirs(reason) : say(`reason.${reason}`))))];
}

function besidePart() {
  const names = FACTS.beside.filter((name) => !name.startsWith("letter."));
  const link = (name) => h("li", {}, h("a", { href: name, target: "_blank", rel: "noreferrer" }, name), " ", say(`beside.${name}`));
  const pdfs = FACTS.pdfs ? h("li", {}, h("a", { href: "data/pdf/", target: "_blank", rel: "noreferrer" }, "data/pdf"), " ", say("beside.pdf")) : null;
  return names.length || pdfs ? h("section", {}, h("h2", {}, say("beside")), h("ul", { class: "plain-list" }, pdfs, names.map(link))) : null;
}

function importPart() {
  const mbox = h("a", { href: hrefOf(FACTS.mbox.replace(/^data\//, "")), download: true }, theirs(nameOf(FACTS.mbox)));
  return h("section", { class: "prose" }, h("h2", {}, say("import")), h("p", {}, say("importNote"), " ", mbox, "."),
    h("dl", { class: "ways" }, ["Thunderbird", "Apple Mail", "Outlook"].map((name) => [h("dt", {}, name), h("dd", {}, say(`import.${name}`))])));
}

function verifyPart() {
  const folder = say("folder").toUpperCase();
  return h("section", { class: "prose" }, h("h2", {}, say("verify")), h("p", {}, say("verifyNote")),
    h("pre", { tabindex: "0" }, h("code", {}, `python3 verify.py\ntrail verify ${folder}\nbagit.py --validate ${folder}`)), h("p", {}, say("verifyWho")));
}

function showPeople() {
  const found = people.map((person, place) => ({ person, place })).filter(({ person }) => person[PERSON.messages]);
  found.sort((a, b) => b.person[PERSON.messages] - a.person[PERSON.messages]);
  const row = ({ person, place }) => h("tr", { class: person[PERSON.own] ? "own" : "" },
    h("th", { scope: "row" }, h("a", { href: `#/person/${place + 1}` }, theirs(person[PERSON.name] || person[PERSON.address]))),
    h("td", { class: "address" }, theirs(person[PERSON.address])),
    h("td", { class: "number" }, number(person[PERSON.messages])),
    h("td", {}, time(person[PERSON.first], "short")), h("td", {}, time(person[PERSON.last], "short")));
  const body = h("tbody");
  const head = (key, kind) => h("th", { scope: "col", class: kind }, say(key));
  openPage("people", h("h2", { tabindex: "-1" }, say("people"), " ", h("small", {}, number(found.length))),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("people") }, h("table", {},
      h("thead", {}, h("tr", {}, head("name"), head("address"), head("count", "number"), head("first"), head("last"))), body)));
  more(found, body, row);
}

async function showFiles(kind = "") {
  let files = [];
  try {
    for (let place = 0; place < FACTS.files; place += 1) files = files.concat(await load("files", place));
  } catch (error) {
    openPage("gallery", complain(error));
    return;
  }
  const kindOf = (file) => Object.keys(KINDS).find((name) => KINDS[name].split(" ").includes(extensionOf(file[FILE.path]))) || "others";
  const all = files.map(([at, ...file]) => ({ at, file, kind: kindOf(file) }));
  all.sort((a, b) => messages[b.at][ROW.at] - messages[a.at][ROW.at]);
  const found = kind ? all.filter((one) => one.kind === kind) : all;
  const card = ({ at, file }) => h("li", { class: "file" },
    h("div", { class: "frame" }, thumbnail(file)),
    h("div", { class: "what" }, fileName(file)),
    h("p", { class: "note" }, size(file[FILE.size]), " · ", h("a", { href: `#${messages[at][ROW.id]}` }, time(messages[at][ROW.at], "short")), " · ", theirs(called(messages[at][ROW.sender]) || say("unknown"))));
  const kinds = ["", ...Object.keys(KINDS), "others"].map((name) => [name, name ? all.filter((one) => one.kind === name).length : all.length]);
  const list = h("ul", { class: "cards" });
  openPage("gallery", h("h2", { tabindex: "-1" }, say("attachments"), " ", h("small", {}, number(all.length), ", ", size(FACTS.attachmentBytes))),
    h("nav", { class: "kinds", "aria-label": say("kinds") }, kinds.filter(([, count]) => count).map(([name, count]) =>
      h("a", { href: name ? `#/attachments/${name}` : "#/attachments", "aria-current": name === kind ? "true" : false }, say(`kind.${name || "all"}`), " ", h("small", {}, number(count))))),
    found.length ? list : h("p", { class: "note" }, say("nothingHere")));
  more(found, list, card);
}

// Some rows now, the others when they are asked for.
function more(found, parent, draw, from = 0) {
  const to = Math.min(found.length, from + SHOWN_AT_ONCE);
  parent.append(...found.slice(from, to).map(draw));
  if (to === found.length) return;
  const button = h("button", { type: "button", on: { click: () => {
    const next = parent.children[to - 1];
    button.parentElement.remove();
    more(found, parent, draw, to);
    const link = next.nextElementSibling && next.nextElementSibling.querySelector("a");
    if (link) link.focus();
  } } }, say("showMore", { n: found.length - to }));
  (parent.closest(".scroll") || parent).after(h("p", { class: "more" }, button));
}
