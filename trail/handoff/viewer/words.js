// The page's own words in the language that was chosen; those of mails stay as they are.
const LANGUAGES = Object.keys(STRINGS);
let language = "en";
let plural = new Intl.PluralRules("en");

const remember = (key, value) => { try { localStorage.setItem(`trail-${key}`, value); } catch (error) { /* a browser may forbid it */ } };
const recall = (key) => { try { return localStorage.getItem(`trail-${key}`); } catch (error) { return null; } };

function chooseLanguage(wish) {
  const wishes = [wish, recall("language"), ...(navigator.languages || [navigator.language])];
  const known = wishes.filter(Boolean).map((name) => name.slice(0, 2).toLowerCase());
  language = known.find((name) => LANGUAGES.includes(name)) || FACTS.language;
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

// say("withheld", {n: 3}) takes the text "withheld", or "withheld.one" and "withheld.other" where there are two.
function say(key, values = {}) {
  const table = STRINGS[language];
  const text = table[key] ?? table[`${key}.${plural.select(values.n)}`] ?? table[`${key}.other`] ?? key;
  return text.replace(/\{(\w+)\}/g, (gap, name) =>
    name in values ? (typeof values[name] === "number" ? number(values[name]) : String(values[name])) : gap);
}

const number = (value) => value.toLocaleString(language);

function size(bytes) {
  let amount = bytes;
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  while (amount >= 1000 && units.length > 1) {
    amount /= 1000;
    units.shift();
  }
  const digits = units[0] === "byte" || amount >= 10 ? 0 : 1;
  return amount.toLocaleString(language, { style: "unit", unit: units[0], unitDisplay: units[0] === "byte" ? "long" : "short", maximumFractionDigits: digits });
}
