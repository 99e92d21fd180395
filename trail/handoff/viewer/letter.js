// The markup of a mail. It was cleaned when the bundle was made; here it is cleaned again, and shown in a frame in which no script
// runs, that loads nothing but pictures of this bundle, and out of which no link leads.
const LETTER_POLICY = "default-src 'none'; img-src file: data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";
// Pixels that fit on a sheet. A browser cuts a longer frame through its lines: on paper stands its text instead.
const PAPER = 900;
const LETTER_TAGS = new Set((
  "A ABBR ADDRESS B BDI BDO BIG BLOCKQUOTE BR CAPTION CENTER CITE CODE COL COLGROUP DD DEL DIV DL DT EM FONT H1 H2 H3 H4 H5 H6 HR I IMG INS " +
  "LI OL P PRE Q S SMALL SPAN STRIKE STRONG SUB SUP TABLE TBODY TD TFOOT TH THEAD TR TT U UL"
).split(" "));
const LETTER_ATTRIBUTES = new Set((
  "align alt bgcolor border cellpadding cellspacing color colspan dir face height lang rowspan size style title valign width"
).split(" "));

function letterFrame(markup, files, words, title) {
  const body = new DOMParser().parseFromString(markup, "text/html").body;
  const pictures = new Map(files.filter((file) => file[FILE.id] && isPicture(file)).map((file) => [file[FILE.id], file]));
  for (const element of [...body.querySelectorAll("*")]) tame(element, pictures);
  if (words.length) highlight(body, words);
  const frame = h("iframe", { class: "letter", sandbox: "allow-same-origin", referrerpolicy: "no-referrer", title });
  frame.srcdoc =
    `<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${LETTER_POLICY}">` +
    `<meta name="referrer" content="no-referrer"><style>${LETTER_STYLE}</style></head><body>${body.innerHTML}</body></html>`;
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    if (!inside || !inside.body) return;
    // The frame has no bars of its own: it is as high as what is in it.
    const fit = () => {
      frame.classList.toggle("tall", inside.body.scrollHeight > PAPER);
      frame.style.height = `${Math.min(60000, Math.max(60, inside.body.scrollHeight + 4))}px`;
    };
    new ResizeObserver(fit).observe(inside.body);
    inside.addEventListener("keydown", (event) => document.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, ctrlKey: event.ctrlKey, metaKey: event.metaKey, altKey: event.altKey })));
    fit();
  });
  return frame;
}

function tame(element, pictures) {
  if (!LETTER_TAGS.has(element.tagName)) {
    element.remove();
    return;
  }
  const href = element.tagName === "A" ? element.getAttribute("href") || "" : "";
  const source = element.tagName === "IMG" ? element.getAttribute("src") || "" : "";
  for (const { name, value } of [...element.attributes]) {
    if (!LETTER_ATTRIBUTES.has(name) || (name === "style" && /url|expression|@|\\/i.test(value))) element.removeAttribute(name);
  }
  if (element.tagName === "A") unlink(element, href);
  if (element.tagName === "IMG") {
    const own = pictures.get(source.replace(/^cid:/i, "")) || pictures.get(decode(source.replace(/^cid:/i, "")));
    if (own) element.setAttribute("src", hrefOf(own[FILE.path]));
    else if (/^data:image\/(png|jpeg|gif|webp);/i.test(source)) element.setAttribute("src", source);
    else element.replaceWith(element.getAttribute("alt") || "");
  }
}

// A link says where it would lead, and does not lead there.
function unlink(element, href) {
  const target = /^(https?|mailto):/i.test(href) ? href.replace(/^mailto:/i, "") : "";
  const text = h("span", { class: "link" }, ...element.childNodes);
  element.replaceWith(text);
  const plain = (words) => words.trim().replace(/^https?:\/\//i, "").replace(/\/$/, "");
  if (target && plain(target) !== plain(text.textContent)) {
    const short = plain(target).split(/[?#]/)[0].slice(0, 48);
    text.after(h("span", { class: "target", title: target }, ` [${short}${short.length < plain(target).length ? "…" : ""}]`));
  }
}

function highlight(body, words) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode() && texts.length < 5000) texts.push(walker.currentNode);
  for (const node of texts) if (marksIn(node.data, words).length) node.replaceWith(marked(node.data, words));
}

function decode(text) {
  try { return decodeURIComponent(text); } catch (error) { return text; }
}
