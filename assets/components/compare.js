// Pictures with their maps over them; one slider uncovers the maps of all, a drag on a picture moves it.

function panel(entry, move) {
  const made = element("figure", "panel");
  const frame = element("div", "frame");
  const before = picture(entry.before, entry.beforeAlt);
  frame.append(before);
  if (entry.after !== null) {
    const after = picture(entry.after, entry.alt);
    after.classList.add("after");
    frame.append(after, element("i", "divider"));
    const drag = (event) => {
      if (!event.buttons) return;
      const box = frame.getBoundingClientRect();
      move(Math.round((100 * (event.clientX - box.left)) / box.width));
    };
    frame.onpointerdown = (event) => { event.preventDefault(); drag(event); };
    frame.onpointermove = drag;
  }
  made.append(frame, element("figcaption", "", breakable(entry.caption)));
  return made;
}

export default function({ data, parentElement }) {
  const board = element("div", "board");
  board.setAttribute("role", "group");
  board.setAttribute("aria-label", data.label);
  const bar = element("label", "bar");
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min: 0, max: 100, step: 1 });
  range.setAttribute("aria-label", "How much of each map is covered by its image, per cent");
  const move = (at) => {
    const share = Math.max(0, Math.min(100, at));
    range.value = share;
    board.dataset.share = share;
    board.style.setProperty("--at", `${share}%`);
  };
  range.oninput = () => move(Number(range.value));
  bar.append(element("span", "", "image"), range, element("span", "", "map"));
  const panels = element("div", "panels");
  panels.append(...data.panels.map((entry) => panel(entry, move)));
  board.append(panels);
  if (data.panels.some((entry) => entry.after !== null)) board.append(bar);
  move(Number(parentElement.querySelector(".board")?.dataset.share ?? 50));
  redraw(parentElement, board, [...data.legends.map(legend), board]);
}
