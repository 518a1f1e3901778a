function heading(entry, column, choose) {
  const made = element(entry.clickable ? "button" : "div", `heading ${entry.kind}`);
  made.append(element("b", "", breakable(entry.text)));
  if (entry.note) made.append(element("i", "", entry.note));
  if (entry.title) made.title = entry.title;
  if (entry.clickable) made.onclick = () => choose(-1, column);
  return made;
}

// positive parts are stacked to the right of zero, negative ones to its left
function track({ parts, extent: [low, high] }) {
  const made = element("div", "track");
  const span = high - low || 1;
  const at = (value) => `${(100 * (value - low)) / span}%`;
  let right = 0, left = 0;
  for (const [symbol, value] of parts) {
    const part = element("i", symbol);
    part.style.left = at(value >= 0 ? right : left + value);
    part.style.width = `max(1px, calc(${(100 * Math.abs(value)) / span}% - 1px))`;
    if (value >= 0) right += value; else left += value;
    made.append(part);
  }
  const zero = element("i", "zero");
  zero.style.left = at(0);
  made.append(zero);
  return made;
}

// a cell with a picture is a button, unless its whole row is one
function cell(entry, row, column, whole, choose) {
  const pressed = entry.mark !== "";
  const button = entry.kind === "image" && !whole;
  const made = element(button ? "button" : "div", `cell ${entry.kind} ${entry.mark}`);
  if (entry.kind === "image") made.append(picture(entry.image, whole ? "" : entry.alt, entry.alt));
  if (entry.kind === "bar") made.append(track(entry));
  if (entry.text) made.append(element("span", entry.style, breakable(entry.text)));
  if (button) answers(made, row, column, entry.alt, pressed, choose);
  return made;
}

function answers(button, row, column, label, pressed, choose) {
  button.dataset.at = `${row}.${column}`;
  button.title = label;
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-pressed", pressed ? "true" : "false");
  button.onclick = () => choose(row, column);
}

function line(entry, row, choose) {
  const whole = entry.label !== null;
  const made = element(whole ? "button" : "div", "row");
  made.append(...entry.cells.map((one, column) => cell(one, row, column, whole, choose)));
  if (whole) {
    answers(made, row, 0, entry.label, entry.chosen, choose);
    made.removeAttribute("title"); // its pictures have their own
  }
  return made;
}

// arrow keys go to the next button; where cells wrap, down is one line of them further on
function step(event, table, wraps) {
  const across = wraps ? getComputedStyle(table).gridTemplateColumns.split(" ").length : 0;
  const [row, column] = (event.target.dataset.at ?? "").split(".").map(Number);
  const [down, right] = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key] ?? [];
  if (down === undefined || column === undefined) return;
  const at = wraps ? [row, column + right + down * across] : [row + down, column + right];
  const next = table.querySelector(`[data-at="${at.join(".")}"]`);
  if (next) { event.preventDefault(); next.focus(); }
}

export default function({ data, parentElement, setTriggerValue }) {
  const table = element("div", `table ${data.rows.some((row) => row.label !== null) ? "lines" : data.wraps ? "wraps" : "cells"}`);
  table.setAttribute("role", "group");
  table.setAttribute("aria-label", data.label);
  table.style.setProperty("--columns", data.columns);
  table.style.setProperty("--narrow", data.narrow);
  table.style.setProperty("--bar", data.bar);
  const choose = (row, column) => setTriggerValue("clicked", { row, column });
  if (data.headings.length) {
    const head = element("div", "row head");
    head.append(...data.headings.map((entry, column) => heading(entry, column, choose)));
    table.append(head);
  }
  data.rows.forEach((entry, row) => {
    if (entry.gap) table.append(element("div", "gap", entry.gap));
    table.append(line(entry, row, choose));
  });
  table.onkeydown = (event) => step(event, table, data.wraps);
  redraw(parentElement, table, data.legend ? [legend(data.legend), table] : [table]);
}
