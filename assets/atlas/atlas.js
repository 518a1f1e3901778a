function element(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  if (tag === "button") made.type = "button";
  if (text !== undefined) made.textContent = text;
  return made;
}

function picture(source, alt) {
  const image = document.createElement("img");
  image.src = source;
  image.alt = alt;
  return image;
}

function heading(entry, column, choose) {
  const made = element(entry.clickable ? "button" : "div", column ? "heading" : "heading first");
  made.append(element("b", "", entry.text.replaceAll("_", "_\u200b")));
  if (entry.note) made.append(element("i", "", entry.note));
  if (entry.title) made.title = entry.title;
  if (entry.clickable) made.onclick = () => choose(-1, column);
  return made;
}

function cell(entry, row, column, chosen, lens, choose) {
  const words = entry.image === null && !entry.none;
  const made = element(words ? "div" : "button", "cell" + (words ? " words" : column ? "" : " first") + (entry.number ? " number" : ""));
  if (chosen) made.classList.add("chosen");
  if (chosen && column === lens) made.classList.add("lens");
  if (entry.none) {
    const none = element("div", "none");
    none.append(element("b", "", entry.none));
    made.append(none);
  } else if (!words) {
    made.append(picture(entry.image, entry.alt));
  }
  if (entry.text) made.append(element("span", "", entry.text.replaceAll("_", "_\u200b")));
  if (!words) {
    made.title = entry.alt;
    made.setAttribute("aria-label", entry.alt);
    made.setAttribute("aria-pressed", chosen ? "true" : "false");
    made.dataset.at = `${row}.${column}`;
    made.onclick = () => choose(row, column);
  }
  return made;
}

export default function({ data, parentElement, setTriggerValue }) {
  const old = parentElement.querySelector(".atlas");
  const left = old ? old.scrollLeft : 0;
  const focus = parentElement.activeElement ?? parentElement.getRootNode().activeElement;
  const at = focus && focus.dataset ? focus.dataset.at : undefined;
  parentElement.querySelectorAll(".atlas, .legend").forEach((part) => part.remove());

  if (data.legend) {
    const legend = element("div", "legend");
    legend.append(element("span", "", data.legend.low), picture(data.legend.image, ""),
      element("span", "", data.legend.high));
    parentElement.append(legend);
  }
  const atlas = element("div", "atlas");
  atlas.setAttribute("role", "group");
  atlas.setAttribute("aria-label", data.label);
  const columns = data.headings.length;
  atlas.style.gridTemplateColumns =
    `minmax(${data.size}px, ${data.largest}px) `.repeat(data.pictures) + "minmax(150px, 1fr) ".repeat(columns - data.pictures);
  const choose = (row, column) => setTriggerValue("clicked", { row, column });
  data.headings.forEach((entry, column) => atlas.append(heading(entry, column, choose)));
  data.rows.forEach((cells, row) => cells.forEach((entry, column) =>
    atlas.append(cell(entry, row, column, row === data.selected, data.lens, choose))));
  atlas.onkeydown = (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!step || !event.target.dataset.at) return;
    const [row, column] = event.target.dataset.at.split(".").map(Number);
    const next = atlas.querySelector(`[data-at="${row + step[0]}.${column + step[1]}"]`);
    if (next) { event.preventDefault(); next.focus(); }
  };
  parentElement.append(atlas);
  atlas.scrollLeft = left;
  if (at) atlas.querySelector(`[data-at="${at}"]`)?.focus({ preventScroll: true });
}
