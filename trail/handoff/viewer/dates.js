// Dates as people write them, always in UTC: the letter, the tables and the names of files have them so too.
const formats = new Map();

function date(seconds, style) {
  const key = `${language} ${style}`;
  if (!formats.has(key)) {
    const parts = {
      day: { day: "numeric", month: "long", year: "numeric" },
      short: { day: "numeric", month: "short", year: "numeric" },
      near: { day: "numeric", month: "short" },
      month: { month: "long", year: "numeric" },
      initial: { month: "narrow" },
      full: { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
      clock: { hour: "2-digit", minute: "2-digit" },
    }[style];
    formats.set(key, new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { ...parts, timeZone: "UTC" }));
  }
  return formats.get(key).format(new Date(seconds * 1000));
}

const DAY = 86400;
const months = new Map();
// Asked of every message whenever a list is made.
function monthOf(seconds) {
  const day = Math.floor(seconds / DAY);
  let month = months.get(day);
  if (!month) months.set(day, month = new Date(seconds * 1000).toISOString().slice(0, 7));
  return month;
}

const secondsOf = (month) => Date.parse(`${month}-15T00:00:00Z`) / 1000;

// "2024-03-05" in words.
const dayOf = (text) => date(Date.parse(`${text}T12:00:00Z`) / 1000, "day");

function time(seconds, style) {
  return h("time", { datetime: new Date(seconds * 1000).toISOString().slice(0, 19) + "Z" }, date(seconds, style));
}
