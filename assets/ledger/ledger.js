function element(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function picture(entry) {
  if (entry.image === "") return element("span", "");
  if (entry.image === null) {
    const none = element("div", "picture none");
    none.append(element("b", "", "none"));
    none.title = entry.alt;
    return none;
  }
  const image = element("img", "picture");
  image.src = entry.image;
  image.alt = "";
  image.title = entry.alt;
  return image;
}

// positive parts are stacked to the right of zero, negative ones to its left
function track(parts, [low, high]) {
  const made = element("div", "track");
  const span = high - low || 1;
  const at = (value) => `${(100 * (value - low)) / span}%`;
  let right = 0, left = 0;
  for (const [symbol, value] of parts) {
    const bar = element("i", symbol);
    const start = value >= 0 ? right : left + value;
    if (value >= 0) right += value; else left += value;
    bar.style.left = at(start);
    bar.style.width = `max(1px, calc(${(100 * Math.abs(value)) / span}% - 1px))`;
    made.append(bar);
  }
  const zero = element("i", "zero");
  zero.style.left = at(0);
  made.append(zero);
  return made;
}

function row(entry, at, data, choose) {
  const made = element("button", "row" + (at === data.selected ? " chosen" : ""));
  made.type = "button";
  made.dataset.at = at;
  made.setAttribute("aria-label", entry.alt);
  made.setAttribute("aria-pressed", at === data.selected ? "true" : "false");
  made.append(element("span", "number", entry.number), ...entry.pictures.map(picture), track(entry.parts, data.extent),
    ...entry.texts.map((text) => element("span", "text", text)));
  made.onclick = () => choose(at);
  return made;
}

export default function({ data, parentElement, setTriggerValue }) {
  const focus = parentElement.activeElement ?? parentElement.getRootNode().activeElement;
  const at = focus && focus.dataset ? focus.dataset.at : undefined;
  parentElement.querySelectorAll(".ledger").forEach((part) => part.remove());

  const ledger = element("div", "ledger");
  ledger.setAttribute("role", "group");
  ledger.setAttribute("aria-label", data.label);
  const { pictures, texts } = data;
  const words = `minmax(${data.words}px, max-content) `.repeat(texts.length);
  ledger.style.setProperty("--columns",
    `${data.lead}px ${`minmax(40px, ${data.size}px) `.repeat(pictures.length)} minmax(70px, 1fr) ${words}`);
  const cells = Math.max(pictures.length, texts.length + 1);
  ledger.style.setProperty("--narrow", `${Math.min(data.lead, 70)}px repeat(${cells}, minmax(0, 1fr))`);
  ledger.style.setProperty("--bar", Math.max(1, cells - texts.length));

  const head = element("div", "row head");
  head.append(element("span", ""), ...pictures.map((text) => element("span", "", text.replaceAll("_", "_\u200b"))),
    element("span", "", data.bar), ...texts.map((text) => element("span", "text", text)));
  ledger.append(head);
  const choose = (chosen) => setTriggerValue("clicked", chosen);
  data.rows.forEach((entry, place) => {
    if (place === data.gap.before) ledger.append(element("div", "gap", data.gap.text));
    ledger.append(row(entry, place, data, choose));
  });
  ledger.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = step && ledger.querySelector(`button[data-at="${Number(event.target.dataset.at) + step}"]`);
    if (next) { event.preventDefault(); next.focus(); }
  };
  parentElement.append(ledger);
  if (at) ledger.querySelector(`button[data-at="${at}"]`)?.focus({ preventScroll: true });
}
