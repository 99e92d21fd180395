// Search as you type. The index is MiniSearch's, in pieces in the order of words: a word needs the pieces it may stand in,
// and no more. Words are told apart as in vocabulary.py.
const FIELDS = ["subject", "people", "files", "body", "documents", "quoted"];
const BOOST = { subject: 4, people: 3, files: 3, body: 1.5, documents: 1, quoted: 0.8 };
const LETTERS = { "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i" };
const LONGEST_WORD = 40;
const SIGNS = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]/g;
const FROM_START = 3;

function fold(text) {
  if (!/[^\x00-\x7f]/.test(text)) return text.toLowerCase();
  return text.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f]+/g, "").replace(/[ßøæœđðłþı]/g, (letter) => LETTERS[letter]);
}

function wordsOf(text) {
  const words = fold(text).replace(SIGNS, " $& ").match(/[\p{L}\p{N}]+/gu) || [];
  return words.map((word) => (word.length <= LONGEST_WORD ? word : [...word].slice(0, LONGEST_WORD).join("")));
}

const OPTIONS = {
  fields: FIELDS,
  processTerm: (term) => term,
  tokenize: (text) => [text],
  // Only the words of a piece are loaded, not the lengths of all messages: without them, length has no weight.
  searchOptions: { boost: BOOST, weights: { prefix: 0.7, fuzzy: 0.3 }, bm25: { k: 1.2, b: 0, d: 0.5 }, combineWith: "OR" },
};
const EVERY_MESSAGE = { has: () => true, get: (at) => at };
const LENGTHS = FIELDS.map(() => 1);
const EQUAL_LENGTH = { get: () => LENGTHS };
const pieces = new WeakMap();

// The messages of a word, a field at a time, read when they are asked for: MiniSearch takes it for a Map of Maps.
class Postings {
  constructor(fields) {
    this.fields = fields;
    this.read = new Map();
  }

  get(field) {
    const row = this.fields[field];
    if (!row || this.read.has(field)) return this.read.get(field);
    const times = new Map();
    let at = -1;
    for (let place = 0; place < row.length; place += 1) {
      if (row[place] > 0) times.set(at += row[place], 1);
      else {
        at -= row[place];
        place += 1;
        times.set(at, row[place]);
      }
    }
    this.read.set(field, times);
    return times;
  }
}

async function piece(place) {
  const rows = await load("words", place);
  let index = pieces.get(rows);
  if (!index) {
    index = MiniSearch.loadJS({
      index: [], documentCount: FACTS.messages, nextId: FACTS.messages, documentIds: {}, fieldLength: {}, storedFields: {},
      fieldIds: Object.fromEntries(FIELDS.map((name, at) => [name, at])), averageFieldLength: LENGTHS, dirtCount: 0, serializationVersion: 2,
    }, OPTIONS);
    for (const [word, fields] of rows) index._index.set(word, new Postings(fields));
    // Every piece would hold the same 20,000 entries, each saying that a message is itself.
    index._documentIds = EVERY_MESSAGE;
    index._fieldLength = EQUAL_LENGTH;
    index._storedFields = { get: () => undefined };
    pieces.set(rows, index);
  }
  return index;
}

// The pieces in which words from `first` to `last` may stand.
function placesOf(first, last) {
  const starts = FACTS.words;
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= first) low = middle + 1;
    else high = middle;
  }
  const found = [];
  for (let place = Math.max(0, low - 1); place < starts.length && starts[place] <= last; place += 1) found.push(place);
  return found;
}

// While a second word is typed, the first need not be looked up with every letter.
const answers = new Map();
const ANSWERS_KEPT = 12;

function findWord(word, options) {
  const key = JSON.stringify([word, options]);
  const known = answers.get(key) || lookUp(word, options);
  answers.delete(key);
  answers.set(key, known);
  known.catch(() => answers.delete(key));
  if (answers.size > ANSWERS_KEPT) answers.delete(answers.keys().next().value);
  return known;
}

async function lookUp(word, { prefix = false, fuzzy = false }) {
  const scores = new Map();
  const from = fuzzy ? word.slice(0, 2) : word;
  const places = placesOf(from, prefix || fuzzy ? `${from}\uffff` : word);
  for (const index of await Promise.all(places.map(piece))) {
    // What MiniSearch's own `search` does next, sorting and describing every result, is done for all words together below.
    for (const [at, { score }] of index.executeQuery(word, { prefix, fuzzy: fuzzy ? 0.25 : false })) {
      scores.set(at, (scores.get(at) || 0) + score);
    }
  }
  return scores;
}

// One or two letters: too many words begin so. The names and subjects are at hand.
function findInRows(word) {
  const scores = new Map();
  const beginning = ` ${word}`;
  prepareRows(Infinity);
  headings.forEach((text, at) => { if (text.includes(beginning)) scores.set(at, 1); });
  return scores;
}

const headings = [];
const names = [];
function prepareRows(most) {
  const end = performance.now() + most;
  while (headings.length < messages.length && (headings.length % 50 || performance.now() < end)) {
    const row = messages[headings.length];
    for (const who of [row[ROW.sender], ...row[ROW.others]]) if (who >= 0) names[who] = names[who] ?? wordsOf(called(who)).join(" ");
    headings.push(` ${wordsOf(row[ROW.subject]).join(" ")} ${names[row[ROW.sender]] ?? ""} ${row[ROW.others].map((who) => names[who]).join(" ")}`);
  }
}

// While nobody types, so that the first letter need not wait for it.
function prepareSlowly() {
  prepareRows(8);
  if (headings.length < messages.length) setTimeout(prepareSlowly, 4);
}

// The next letter needs one of these: it is known which before it is typed.
const AHEAD_PIECES = 3;
function readAhead(word) {
  for (const place of placesOf(word, `${word}\uffff`).slice(0, AHEAD_PIECES)) piece(place).catch(() => { /* told when it is asked for */ });
}

// Numbers of the messages that have every word, the best first, and the words that were looked for.
async function search(query) {
  const all = [...new Set(wordsOf(query))].slice(0, 12);
  // A single letter is no word, unless it is all there is.
  const longer = all.filter((word) => word.length > 1 || word > "\x7f");
  const words = longer.length ? longer : all;
  if (!words.length) return { found: [], words, near: false };
  let near = false;
  const each = await Promise.all(words.map(async (word) => {
    const short = [...word].length < FROM_START;
    if (short) {
      const scores = new Map(await findWord(word, {}));
      for (const [at, score] of findInRows(word)) scores.set(at, (scores.get(at) || 0) + score);
      if (word.length === FROM_START - 1) setTimeout(readAhead, 0, word);
      return scores;
    }
    const scores = await findWord(word, { prefix: true });
    if (scores.size) return scores;
    near = true;
    return findWord(word, { fuzzy: true });
  }));
  return { found: rank(each), words, near };
}

// Those that every word found, the best first. Nobody reads on after a thousand: the rest is by date, the newest first.
const RANKED = 1000;
function rank(each) {
  const [fewest, ...others] = each.sort((a, b) => a.size - b.size);
  const found = [];
  const scores = new Float64Array(messages.length);
  for (const [at, score] of fewest) {
    let sum = score;
    for (const more of others) sum += more.get(at) ?? NaN;
    if (sum > 0 && messages[at]) {
      found.push(at);
      scores[at] = sum;
    }
  }
  const best = (a, b) => scores[b] - scores[a] || messages[b][ROW.at] - messages[a][ROW.at];
  if (found.length <= RANKED) return found.sort(best);
  const sorted = Float64Array.from(found, (at) => scores[at]).sort();
  const least = sorted[sorted.length - RANKED];
  return [...found.filter((at) => scores[at] > least).sort(best), ...newestFirst(found.filter((at) => scores[at] <= least))];
}

// The order of time is known: to look it up is quicker than to sort.
function newestFirst(found) {
  const wanted = new Uint8Array(messages.length);
  for (const at of found) wanted[at] = 1;
  const sorted = [];
  for (let place = order.length - 1; place >= 0; place -= 1) if (wanted[order[place]]) sorted.push(order[place]);
  return sorted;
}

// Where the words stand in a text, as [start, end] in order. Folding may change a text's length, so each letter is folded by itself.
function marksIn(text, words) {
  const marks = [];
  for (const found of text.matchAll(/[\p{L}\p{N}\u0300-\u036f]+/gu)) {
    const folded = fold(found[0]);
    if (words.some((word) => folded.startsWith(word))) marks.push([found.index, found.index + found[0].length]);
    if (marks.length >= 400) break;
  }
  return marks;
}

function marked(text, words) {
  const parts = [];
  let at = 0;
  for (const [start, end] of marksIn(text, words)) {
    parts.push(text.slice(at, start), h("mark", {}, text.slice(start, end)));
    at = end;
  }
  return h("bdi", {}, ...parts, text.slice(at));
}

// The part of a text around the place where most of the words are near each other; null where none is.
function excerpt(whole, words, length = 200) {
  const text = near(whole, words);
  const marks = marksIn(text, words);
  if (!marks.length) return null;
  let best = 0;
  let most = 0;
  marks.forEach(([start], first) => {
    const seen = new Set();
    for (let at = first; at < marks.length && marks[at][1] - start < length; at += 1) {
      const folded = fold(text.slice(...marks[at]));
      words.forEach((word) => { if (folded.startsWith(word)) seen.add(word); });
    }
    if (seen.size > most) [best, most] = [first, seen.size];
  });
  const from = Math.max(0, marks[best][0] - 50);
  const start = from ? text.indexOf(" ", from) + 1 || from : 0;
  const begin = start > marks[best][0] ? from : start;
  return `${begin ? "… " : ""}${text.slice(begin, begin + length).replace(/\s+/g, " ")}${begin + length < text.length ? " …" : ""}`;
}

// A long text is looked through as it stands first: to fold every word of it takes a while.
function near(text, words) {
  if (text.length < 8000) return text;
  const small = text.toLowerCase();
  if (small.length === text.length) {
    for (const word of words) {
      for (let at = small.indexOf(word); at >= 0; at = small.indexOf(word, at + 1)) {
        if (!at || !/[\p{L}\p{N}]/u.test(small[at - 1])) return text.slice(Math.max(0, text.lastIndexOf(" ", Math.max(0, at - 2000))), at + 4000);
      }
    }
  }
  return text;
}
