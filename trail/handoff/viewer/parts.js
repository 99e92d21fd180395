// Elements of the page. Whatever a mail says goes in as text, never as markup.
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""));
  return element;
}

const $ = (id) => document.getElementById(id);
// Text of a mail keeps its direction to itself.
const theirs = (text) => h("bdi", {}, String(text));
const called = (at) => (at < 0 || !people[at] ? "" : people[at][PERSON.name] || people[at][PERSON.address]);
const subjectOf = (row) => (row[ROW.subject].trim() ? theirs(row[ROW.subject]) : h("i", {}, say("noSubject")));
const hrefOf = (path) => `data/${path}`.split("/").map(encodeURIComponent).join("/");
const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
const extensionOf = (path) => (/\.([A-Za-z0-9]{1,8})$/.exec(path) || ["", ""])[1].toLowerCase();

function tell(text) {
  $("status").textContent = text;
}

function complain(error) {
  if (!(error instanceof DataMissing)) throw error;
  return h("p", { class: "damage", role: "alert" }, say("missing", { path: error.message }));
}

// What a browser opens without acting on it. Everything else is named, with the way to it, and not linked:
// a page or a program out of a mail must not open with a click.
const PASSIVE = new Set((
  "pdf png jpg jpeg gif webp bmp tif tiff txt csv ics vcf eml doc docx odt rtf xls xlsx ods ppt pptx odp zip gz json mp3 m4a wav ogg flac mp4 webm"
).split(" "));
// Firefox does not know these by itself, and looks into them: one that begins as markup would be a page.
const LOOKED_INTO = new Set((
  "log tsv md heic 7z tar rar mov avi mkv psd ai indd sketch fig dwg dxf asc p7s p7m sig pages numbers key"
).split(" "));
const PICTURES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp" };
const PICTURE_LIMIT = 15e6;

function isPicture(file) {
  const type = PICTURES[extensionOf(file[FILE.path])];
  return Boolean(type) && file[FILE.size] <= PICTURE_LIMIT && (file[FILE.type] === type || file[FILE.type] === "image/jpg");
}

function fileName(file) {
  const name = nameOf(file[FILE.path]);
  const extension = extensionOf(name);
  const linked = PASSIVE.has(extension) || (LOOKED_INTO.has(extension) && !file[FILE.markup]);
  return [
    linked ? h("a", { href: hrefOf(file[FILE.path]), target: "_blank", rel: "noreferrer" }, theirs(name)) : h("span", { class: "unlinked" }, theirs(name)),
    file[FILE.was] ? h("span", { class: "was" }, say("sentAs"), " ", theirs(file[FILE.was])) : null,
    linked ? null : h("span", { class: "was" }, say("notLinked"), " ", h("code", {}, theirs(`data/${file[FILE.path]}`))),
  ];
}

function thumbnail(file, alt = "") {
  if (isPicture(file)) return h("img", { src: hrefOf(file[FILE.path]), alt, loading: "lazy", decoding: "async" });
  return h("span", { class: "kind", "aria-hidden": "true" }, extensionOf(file[FILE.path]).slice(0, 4) || "?");
}

const AHEAD = 160;
// A list of any length: only the rows in sight are in the page. `heightOf` gives pixels, `draw` an element.
class LongList {
  constructor(scroller, label) {
    this.scroller = scroller;
    this.element = h("ol", { class: "long", "aria-label": label, role: "list" });
    this.drawn = new Map();
    this.show = this.show.bind(this);
    scroller.addEventListener("scroll", this.show, { passive: true });
    this.observer = new ResizeObserver(this.show);
    this.observer.observe(scroller);
  }

  fill(items, heightOf, draw) {
    this.items = items;
    this.draw = draw;
    this.tops = new Float64Array(items.length + 1);
    for (let at = 0; at < items.length; at += 1) this.tops[at + 1] = this.tops[at] + heightOf(items[at]);
    this.element.style.height = `${this.tops[items.length]}px`;
    for (const row of this.drawn.values()) row.remove();
    this.drawn.clear();
    this.show();
  }

  at(pixels) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= pixels) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  show(event) {
    if (!this.items || !this.element.isConnected) return;
    if (event) this.scrolled = true;
    const top = this.scroller.scrollTop - this.element.offsetTop;
    const height = this.scroller.clientHeight || 800;
    const from = this.at(Math.max(0, top - AHEAD));
    const to = Math.min(this.items.length, this.at(Math.max(0, top + height + AHEAD)) + 1);
    const focused = document.activeElement;
    for (const [at, row] of this.drawn) {
      if ((at < from || at >= to) && !row.contains(focused)) {
        row.remove();
        this.drawn.delete(at);
      }
    }
    let after = null;
    for (let at = from; at < to; at += 1) {
      let row = this.drawn.get(at);
      if (!row) {
        row = this.draw(this.items[at], at);
        row.style.transform = `translateY(${this.tops[at]}px)`;
        row.style.height = `${this.tops[at + 1] - this.tops[at]}px`;
        row.setAttribute("aria-setsize", this.items.length);
        row.setAttribute("aria-posinset", at + 1);
        this.drawn.set(at, row);
        if (after) after.after(row);
        else this.element.prepend(row);
      }
      after = row;
    }
  }

  reveal(at, align = "near") {
    this.scrolled = true;
    const top = this.tops[at] + this.element.offsetTop;
    const bottom = this.tops[at + 1] + this.element.offsetTop;
    const { scrollTop, clientHeight } = this.scroller;
    if (align === "top") this.scroller.scrollTop = top;
    else if (top < scrollTop + 48) this.scroller.scrollTop = top - 48;
    else if (bottom > scrollTop + clientHeight) this.scroller.scrollTop = bottom - clientHeight;
    this.show();
    return this.drawn.get(at);
  }

  // On paper every row has its place.
  drawAll() {
    for (let at = 0; at < this.items.length; at += 1) {
      if (!this.drawn.has(at)) this.drawn.set(at, this.draw(this.items[at], at));
    }
    this.element.replaceChildren(...this.items.map((_, at) => this.drawn.get(at)));
  }

  redraw() {
    this.element.replaceChildren();
    this.drawn.clear();
    this.show();
  }

  close() {
    this.scroller.removeEventListener("scroll", this.show);
    this.observer.disconnect();
  }
}
