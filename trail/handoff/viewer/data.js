// The bundle's data: script files that call `trail` with their rows, loaded when they are needed.
const FACTS = JSON.parse(document.getElementById("facts").textContent);
const KEPT = { text: 240, html: 12, docs: 40, words: 60 };
const waiting = new Map();
const loaded = new Map();

Object.defineProperty(window, "trail", {
  value: (kind, place, rows) => {
    const key = `${kind}-${place}`;
    if (waiting.has(key)) waiting.get(key)(rows);
  },
});

class DataMissing extends Error {}

function load(kind, place) {
  const key = `${kind}-${place}`;
  const known = loaded.get(key);
  if (known) {
    loaded.delete(key);
    loaded.set(key, known);
    return known;
  }
  const path = `pages/${kind}-${String(place).padStart(5, "0")}.js`;
  const promise = new Promise((resolve, reject) => {
    const script = document.createElement("script");
    let rows = null;
    waiting.set(key, (found) => { rows = found; });
    const end = () => {
      waiting.delete(key);
      script.remove();
      if (rows) return resolve(rows);
      loaded.delete(key);
      return reject(new DataMissing(path));
    };
    script.onload = end;
    script.onerror = end;
    script.src = path;
    document.head.append(script);
  });
  loaded.set(key, promise);
  forget(kind);
  return promise;
}

// A large bundle is read in pieces; what was not looked at for long is let go.
function forget(kind) {
  if (!KEPT[kind]) return;
  const keys = [...loaded.keys()].filter((key) => key.startsWith(`${kind}-`));
  for (const key of keys.slice(0, Math.max(0, keys.length - KEPT[kind]))) loaded.delete(key);
}

// Places in the rows, as rows.py and pages.py write them.
const ROW = { id: 0, at: 1, sender: 2, others: 3, othersCount: 4, subject: 5, sent: 6, files: 7, textFile: 8, textPlace: 9, preview: 10 };
const TEXT = { people: 0, text: 1, quoted: 2, files: 3, html: 4, path: 5, folder: 6, cut: 7, changes: 8 };
const FILE = { path: 0, was: 1, type: 2, size: 3, id: 4, text: 5, markup: 6 };
const PERSON = { name: 0, address: 1, own: 2, messages: 3, first: 4, last: 5 };

const messages = [];
let people = [];
let order = [];
let conversations = null;

// All rows, in the order of time; `onPart` is told after each file, for a list can be used before it is whole.
async function loadMessages(onPart) {
  const parts = Array.from({ length: FACTS.lists }, (_, place) => load("list", place));
  people = await load("people", 0);
  for (const part of parts) {
    for (const row of await part) {
      order.push(messages.length);
      messages.push(row);
    }
    onPart();
  }
  const late = (a, b) => messages[a][ROW.at] - messages[b][ROW.at] || a - b;
  if (order.some((at, place) => place && late(order[place - 1], at) > 0)) {
    order = [...order].sort(late);
    onPart();
  }
}

async function readingOf(at) {
  const row = messages[at];
  const rows = await load("text", row[ROW.textFile]);
  return rows[row[ROW.textPlace]];
}

// The messages of each conversation in the order of time; the conversation of each message.
async function loadConversations() {
  if (!conversations) {
    const of = await load("threads", 0);
    const members = [];
    for (const at of order) (members[of[at]] = members[of[at]] || []).push(at);
    conversations = { of, members };
  }
  return conversations;
}

function find(id) {
  const place = Number((/^\d{4,}-\d\d-\d\d_(\d+)_/.exec(id) || [])[1]) - 1;
  if (messages[place] && messages[place][ROW.id] === id) return place;
  return messages.findIndex((row) => row[ROW.id] === id);
}
