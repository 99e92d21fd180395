// What a search found: rows with a few words around the best match, filled in as they come into sight.
let asked = "";
let lastSearch = 0;
let byDate = recall("by-date") === "yes";

async function showResults(query) {
  asked = query;
  lastSearch += 1;
  const turn = lastSearch;
  let result;
  try {
    result = await search(query);
  } catch (error) {
    if (turn === lastSearch) $("list").replaceChildren(complain(error));
    return;
  }
  if (turn !== lastSearch) return;
  highlighted = result.words;
  const found = byDate ? newestFirst(result.found) : result.found;
  const count = found.length ? say(result.near ? "foundNear" : "found", { n: found.length }) : say("foundNothing");
  const sorting = h("select", { "aria-label": say("sort"), on: { change: (event) => {
    byDate = event.target.value === "date";
    remember("by-date", byDate ? "yes" : "no");
    showResults(asked);
  } } }, h("option", { value: "best", selected: !byDate }, say("bestFirst")), h("option", { value: "date", selected: byDate }, say("newestFirst")));
  const list = openList(say("results"), say("results"), [h("span", { id: "found" }, count), " ", found.length > 1 ? sorting : null]);
  list.rows = found.map((_, place) => place);
  list.fill(found, () => HEIGHTS.result, (at) => {
    const snippet = h("span", { class: "preview long" }, theirs(messages[at][ROW.preview]));
    const row = messageRow(at, { words: result.words, snippet });
    fillSnippet(at, result.words, snippet);
    return row;
  });
  markCurrent();
  tell(count);
  document.documentElement.dataset.searched = `${turn} ${query}`;
}

// Who types on has not looked at it yet: texts are loaded for rows that stay.
const STAYS = 60;

async function fillSnippet(at, words, snippet) {
  await new Promise((done) => { setTimeout(done, STAYS); });
  if (!snippet.isConnected) return;
  try {
    const reading = await readingOf(at);
    const text = excerpt(reading[TEXT.text], words);
    if (text) {
      snippet.replaceChildren(marked(text, words));
      return;
    }
    for (const file of reading[TEXT.files]) {
      if (marksIn(nameOf(file[FILE.path]), words).length) {
        snippet.replaceChildren(h("span", { class: "in-file" }, marked(nameOf(file[FILE.path]), words)));
        return;
      }
      if (file[FILE.text]) {
        const [place, row] = file[FILE.text];
        const inside = excerpt((await load("docs", place))[row], words);
        if (inside) {
          snippet.replaceChildren(h("span", { class: "in-file" }, theirs(nameOf(file[FILE.path]))), " ", marked(inside, words));
          return;
        }
      }
    }
    const before = excerpt(reading[TEXT.quoted], words);
    if (before) {
      snippet.replaceChildren(h("span", { class: "in-file" }, say("quoted")), " ", marked(before, words));
      return;
    }
    const names = reading[TEXT.people].flat().filter(Array.isArray).map((pair) => pair.join(" "));
    const who = names.find((name) => marksIn(name, words).length);
    if (who) snippet.replaceChildren(marked(who, words));
  } catch (error) {
    snippet.replaceChildren(complain(error));
  }
}
