// What both components draw with; it stands before either's own code.

function element(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  if (tag === "button") made.type = "button";
  if (text !== undefined) made.textContent = text;
  return made;
}

// an image; for null a hatched square with the word "none"
function picture(source, alt, title = "") {
  const made = element(source === null ? "div" : "img", source === null ? "picture none" : "picture");
  if (title) made.title = title;
  if (source === null) {
    made.append(element("b", "", "none"));
    if (alt) made.title = alt;
  } else {
    made.decoding = "sync"; // drawn anew on every run: no flicker
    made.src = source;
    made.alt = alt;
  }
  return made;
}

const breakable = (text) => text.replaceAll("_", "_\u200b");

// a colour scale between two words, or colours each with its words
function legend({ image, low, high, entries }) {
  const made = element("div", "legend");
  if (entries) {
    for (const [colour, words] of entries) {
      const swatch = element("i", "swatch"), entry = element("span", "entry");
      swatch.style.background = colour;
      entry.append(swatch, element("span", "", breakable(words)));
      made.append(entry);
    }
    return made;
  }
  const scale = picture(image, "");
  scale.className = "scale-bar";
  made.append(element("span", "", low), scale, element("span", "", high));
  return made;
}

// draw the parts anew; what was scrolled and what had the focus stays
function redraw(parent, board, parts) {
  const old = parent.querySelector(`.${board.classList[0]}`);
  const focus = parent.activeElement ?? parent.getRootNode().activeElement;
  const at = focus && focus.dataset ? focus.dataset.at : undefined;
  const left = old ? old.scrollLeft : null;
  parent.querySelectorAll("[data-part]").forEach((part) => part.remove());
  for (const part of parts) part.dataset.part = "";
  parent.append(...parts);
  if (left !== null) board.scrollLeft = left;
  if (at) board.querySelector(`[data-at="${at}"]`)?.focus({ preventScroll: true });
  return left === null;
}
