// The letter that came with the mail, as a view. Its markup is made by our own reader of Markdown; here it is made anew, element by
// element, from those a letter needs.
const MEMO_TAGS = new Set("A BLOCKQUOTE BR CODE EM H1 H2 H3 H4 HR LI OL P PRE STRONG TABLE TBODY TD TH THEAD TR UL".split(" "));
// The page's own heads stand above the letter's.
const MEMO_HEADS = { H1: "h2", H2: "h3", H3: "h4", H4: "h5" };
const MESSAGE = /(?:^START-HERE\.html#|^data\/eml\/(?:[^/]+\/)*)(\d{4,}-\d\d-\d\d_\d+_[0-9a-f]{8})(?:\.eml)?$/;
const BESIDE = /^(?!.*\.\.(?:\/|$))[\w.~%()!$&'*+,;=@-]+(?:\/[\w.~%()!$&'*+,;=@-]+)*$/;

async function showMemo() {
  let markup;
  try {
    [markup] = await load("letter", 0);
  } catch (error) {
    openPage("memo", complain(error));
    return;
  }
  const body = new DOMParser().parseFromString(markup, "text/html").body;
  const memo = h("article", { lang: FACTS.language }, [...body.childNodes].map(copyMemo));
  const title = memo.querySelector("h2");
  if (title) title.tabIndex = -1;
  for (const link of memo.querySelectorAll("a.again")) joinLinks(link);
  for (const table of memo.querySelectorAll("table")) {
    const head = table.querySelector("thead");
    if (head && !head.textContent.trim()) head.remove();
    const around = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("letter") });
    table.replaceWith(around);
    around.append(table);
  }
  openPage("memo",
    h("p", { class: "bar" }, letterLinks(), h("button", { type: "button", class: "plain", on: { click: () => window.print() } }, say("print"))), memo);
}

function copyMemo(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  const children = [...node.childNodes].map(copyMemo);
  if (!MEMO_TAGS.has(node.tagName)) return children;
  return node.tagName === "A" ? memoLink(node.getAttribute("href") || "", children) : h(MEMO_HEADS[node.tagName] || node.tagName, {}, children);
}

// To a message within this page, else to a file of the bundle.
function memoLink(href, children) {
  const [, id] = MESSAGE.exec(decode(href)) || [];
  if (id) return h("a", { href: `#${id}`, class: href.startsWith("START") ? "again" : null }, children);
  if (href === "START-HERE.html") return h("a", { href: "#/" }, children);
  return BESIDE.test(href) ? h("a", { href, target: "_blank", rel: "noreferrer" }, children) : h("span", {}, children);
}

// On paper a message is named twice, as a file and in this page; here both are the same link.
function joinLinks(link) {
  const before = link.previousSibling;
  const after = link.nextSibling;
  if (!before || before.data !== " (" || !after || !after.data || after.data[0] !== ")" || before.previousSibling.href !== link.href) return;
  before.remove();
  after.data = after.data.slice(1);
  link.remove();
}

// The letter as files, in the order in which people want them.
function letterLinks() {
  return ["letter.html", "letter.docx", "letter.md"].filter((name) => FACTS.beside.includes(name))
    .map((name) => h("a", { href: name, target: "_blank", rel: "noreferrer" }, name));
}
