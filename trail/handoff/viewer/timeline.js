// Lists of messages: the timeline by month, a person's messages, conversations. One of them stands in the list at a time.
const HEIGHTS = { month: 44, row: 84, result: 108, conversation: 84 };
let shownList = null;

function openList(label, heading, note) {
  const scrolled = shownList && shownList.scrolled;
  if (shownList) shownList.close();
  const element = $("list");
  element.replaceChildren(h("header", { class: "list-head" }, h("h2", {}, heading), note ? h("p", { class: "note" }, note) : null));
  if (scrolled) element.scrollTop = 0; // asking for it costs a layout
  shownList = new LongList(element, label);
  shownList.rows = [];
  element.append(shownList.element);
  return shownList;
}

function messageRow(at, extra) {
  const row = messages[at];
  const who = row[ROW.sent]
    ? [h("span", { class: "to" }, `${say("to")} `), theirs(row[ROW.others].slice(0, 2).map(called).join(", ") || "—"), row[ROW.othersCount] > 2 ? ` +${number(row[ROW.othersCount] - 2)}` : null]
    : theirs(called(row[ROW.sender]) || say("unknown"));
  return h("li", { class: row[ROW.sent] ? "row sent" : "row", "data-at": at },
    h("a", { href: `#${row[ROW.id]}`, class: "entry", tabindex: "-1" },
      h("span", { class: "who" }, who),
      h("span", { class: "when" }, row[ROW.files] ? clip(say("files", { n: row[ROW.files] })) : null, time(row[ROW.at], extra ? "short" : "near")),
      h("span", { class: "subject" }, extra && extra.words ? (row[ROW.subject].trim() ? marked(row[ROW.subject], extra.words) : subjectOf(row)) : subjectOf(row)),
      extra && extra.snippet ? extra.snippet : h("span", { class: "preview" }, theirs(row[ROW.preview]))));
}

const CLIP = "M11.5 4.5v6.2a3.6 3.6 0 0 1-7.2 0V4a2.4 2.4 0 0 1 4.8 0v6.4a1.2 1.2 0 0 1-2.4 0V5";
function clip(label) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", CLIP);
  for (const [name, value] of [["viewBox", "0 0 16 16"], ["class", "clip"], ["role", "img"], ["aria-label", label]]) drawing.setAttribute(name, value);
  drawing.append(line);
  return drawing;
}

// Messages under the heads of their months.
function withMonths(found) {
  const items = [];
  let month = "";
  let head = null;
  for (const at of found) {
    const next = monthOf(messages[at][ROW.at]);
    if (next !== month) {
      month = next;
      head = { month, count: 0 };
      items.push(head);
    }
    head.count += 1;
    items.push(at);
  }
  return items;
}

function fillMonths(list, found) {
  const items = withMonths(found);
  list.rows = items.map((item, place) => (typeof item === "number" ? place : -1)).filter((place) => place >= 0);
  list.fill(items, (item) => (typeof item === "number" ? HEIGHTS.row : HEIGHTS.month), (item) => (typeof item === "number"
    ? messageRow(item)
    : h("li", { class: "month" }, h("h3", {}, date(secondsOf(item.month), "month")), h("span", { class: "note" }, number(item.count)))));
  markCurrent();
}

function showTimeline(month) {
  const list = openList(say("timeline"), say("timeline"), say("timelineNote"));
  list.refill = () => fillMonths(list, order);
  list.refill();
  if (month) {
    list.wanted = month;
    revealMonth(list);
  }
}

function revealMonth(list) {
  const place = list.items.findIndex((item) => item.month === list.wanted);
  if (place >= 0) {
    list.reveal(place, "top");
    list.wanted = "";
  }
}

async function showPerson(place) {
  const person = people[place];
  if (!person) return;
  const found = order.filter((at) => messages[at][ROW.sender] === place || messages[at][ROW.others].includes(place));
  const list = openList(say("messagesOf"), theirs(person[PERSON.name] || person[PERSON.address]),
    [person[PERSON.name] ? [theirs(person[PERSON.address]), " · "] : "", say("messages", { n: found.length })]);
  fillMonths(list, found);
}

async function showConversations() {
  const list = openList(say("conversations"), say("conversations"), "");
  const { members } = await loadConversations();
  const found = members.map((together, place) => ({ place, together })).filter(({ together }) => together && together.length > 1);
  found.sort((a, b) => messages[b.together[b.together.length - 1]][ROW.at] - messages[a.together[a.together.length - 1]][ROW.at]);
  if (shownList !== list) return;
  $("list").querySelector(".list-head").append(h("p", { class: "note" }, say("conversationsNote", { n: found.length })));
  list.rows = found.map((_, place) => place);
  list.fill(found, () => HEIGHTS.conversation, ({ place, together }) => {
    const first = messages[together[0]];
    const last = messages[together[together.length - 1]];
    const names = [...new Set(together.map((at) => called(messages[at][ROW.sender])))].filter(Boolean);
    return h("li", { class: "row", "data-conversation": place },
      h("a", { href: `#/conversation/${place + 1}`, class: "entry", tabindex: "-1" },
        h("span", { class: "who" }, names.slice(0, 3).map((name, at) => [at ? ", " : "", theirs(name)]), names.length > 3 ? ` +${number(names.length - 3)}` : null),
        h("span", { class: "when" }, time(last[ROW.at], "short")),
        h("span", { class: "subject" }, subjectOf(first)),
        h("span", { class: "preview" }, h("b", {}, say("messages", { n: together.length })), " · ", theirs(last[ROW.preview]))));
  });
  markCurrent();
}

// The row of what is being read is marked, and is the one that Tab comes to.
function markCurrent() {
  if (!shownList || !shownList.items) return;
  const draw = shownList.draw;
  if (!shownList.marking) {
    shownList.marking = true;
    shownList.draw = (item, place) => markRow(draw(item, place));
  }
  for (const row of shownList.drawn.values()) markRow(row);
  const first = shownList.element.querySelector(".entry");
  if (first && !shownList.element.querySelector('.entry[tabindex="0"]')) first.tabIndex = 0;
}

function markRow(row) {
  const entry = row.querySelector(".entry");
  if (!entry) return row;
  const current = entry.getAttribute("href") === `#${decode(location.hash.slice(1))}`;
  entry.tabIndex = current ? 0 : -1;
  if (current) entry.setAttribute("aria-current", "true");
  else entry.removeAttribute("aria-current");
  return row;
}
