// A message to be read, and a conversation: all its messages below each other.
let highlighted = [];
let asText = recall("as-text") === "yes";

function addressList(found) {
  const rest = typeof found[found.length - 1] === "number" ? found[found.length - 1] : 0;
  const shown = rest ? found.slice(0, -1) : found;
  return [
    shown.map(([name, address], place) => [
      place ? ", " : "",
      name ? [theirs(name), " "] : null,
      h("bdi", { class: name ? "address" : "" }, address),
    ]),
    rest ? ` ${say("andMore", { n: rest })}` : null,
  ];
}

function heads(row, reading) {
  const rows = [[say("date"), [time(row[ROW.at], "full"), " UTC"]]];
  ["from", "to", "cc", "bcc"].forEach((role, place) => {
    if (reading[TEXT.people][place].length) rows.push([say(role), addressList(reading[TEXT.people][place])]);
  });
  if (reading[TEXT.folder]) rows.push([say("folder"), theirs(reading[TEXT.folder])]);
  return h("dl", { class: "heads" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

// As pdf/messages.py names it, from the path of the .eml.
const pdfOf = (path) => path.replace(/^eml/, "pdf").replace(/\.eml$/, ".pdf");

function changesOf(reading) {
  if (!reading[TEXT.changes].length) return null;
  const told = reading[TEXT.changes].map((change) => (say(`change.${change}`) === `change.${change}` ? change : say(`change.${change}`)));
  return h("p", { class: "note changed" }, say("changedCopy", { what: told.join(", ") }));
}

function filesOf(reading) {
  const files = reading[TEXT.files];
  if (!files.length) return null;
  return h("section", { class: "files", "aria-label": say("attachments") },
    h("ul", {}, files.map((file) => h("li", { class: isPicture(file) ? "picture" : "" },
      thumbnail(file), h("span", { class: "what" }, fileName(file), " ", h("span", { class: "size" }, size(file[FILE.size])))))));
}

function plainText(reading) {
  const parts = [];
  if (reading[TEXT.text]) parts.push(h("div", { class: "text", dir: "auto" }, marked(reading[TEXT.text], highlighted)));
  if (reading[TEXT.cut]) parts.push(h("p", { class: "note" }, say("cut")));
  if (reading[TEXT.quoted]) {
    // What was looked for may stand there only.
    const sought = marksIn(reading[TEXT.quoted], highlighted).length && !marksIn(reading[TEXT.text], highlighted).length;
    parts.push(h("details", { class: "quoted", open: !reading[TEXT.text] || Boolean(sought) }, h("summary", {}, say("quoted")),
      h("div", { class: "text", dir: "auto" }, marked(reading[TEXT.quoted], highlighted))));
  }
  return parts.length ? parts : [h("p", { class: "note" }, say("noText"))];
}

async function bodyOf(row, reading, text) {
  if (!reading[TEXT.html] || text) return plainText(reading);
  const [file, place] = reading[TEXT.html];
  const markup = (await load("html", file))[place];
  return [letterFrame(markup, reading[TEXT.files], highlighted, say("letterTitle")), h("div", { class: "on-paper" }, plainText(reading))];
}

async function messagePart(at, level) {
  const row = messages[at];
  let reading;
  try {
    reading = await readingOf(at);
  } catch (error) {
    return h("article", {}, complain(error));
  }
  const body = h("div", { class: "body" });
  const fill = async () => {
    try {
      body.replaceChildren(...await bodyOf(row, reading, asText));
    } catch (error) {
      body.replaceChildren(complain(error), ...plainText(reading));
    }
  };
  await fill();
  const change = h("button", { type: "button", class: "plain", on: { click: () => {
    asText = !asText;
    remember("as-text", asText ? "yes" : "no");
    change.textContent = say(asText ? "asSent" : "asText");
    fill();
  } } }, say(asText ? "asSent" : "asText"));
  return h("article", { class: "message", id: `message-${at}`, "aria-labelledby": `title-${at}` },
    h(level, { id: `title-${at}`, tabindex: "-1" }, level === "h2" ? subjectOf(row) : [theirs(called(row[ROW.sender]) || say("unknown")), ", ", time(row[ROW.at], "short")]),
    heads(row, reading), changesOf(reading), filesOf(reading), body,
    h("p", { class: "tools" },
      reading[TEXT.html] ? change : null,
      h("a", { href: hrefOf(reading[TEXT.path]), download: true, title: say("originalHint") }, say("original")),
      FACTS.pdfs ? h("a", { href: hrefOf(pdfOf(reading[TEXT.path])), target: "_blank", rel: "noreferrer", title: say("pdfHint") }, say("pdf")) : null,
      h("a", { href: `#${row[ROW.id]}`, class: "address" }, row[ROW.id])));
}

async function showMessage(at) {
  const part = await messagePart(at, "h2");
  const { of, members } = await loadConversations();
  const together = members[of[at]];
  const thread = together.length > 1
    ? h("a", { href: `#/conversation/${of[at] + 1}` }, say("wholeConversation", { n: together.length })) : null;
  return [readingBar(thread), part];
}

async function showConversation(place) {
  const { members } = await loadConversations();
  const together = members[place] || [];
  if (!together.length) return [readingBar(), h("p", { class: "note" }, say("nothingHere"))];
  const first = messages[together[0]];
  const title = h("header", { class: "thread-title" },
    h("h2", { tabindex: "-1", id: "thread-title" }, subjectOf(first)),
    h("p", { class: "note" }, say("messages", { n: together.length }), ", ", time(first[ROW.at], "short"), " – ", time(messages[together[together.length - 1]][ROW.at], "short")));
  const shown = together.slice(0, 100);
  const parts = [];
  for (const at of shown) parts.push(await messagePart(at, "h3"));
  const rest = together.length > shown.length ? h("p", { class: "note" }, say("restInTimeline", { n: together.length - shown.length })) : null;
  return [readingBar(), title, ...parts, rest].filter(Boolean);
}

function readingBar(...more) {
  return h("div", { class: "bar" },
    h("button", { type: "button", class: "plain back", on: { click: closeReading } }, "← ", say("back")),
    ...more.filter(Boolean),
    h("button", { type: "button", class: "plain", on: { click: () => window.print() } }, say("print")));
}
