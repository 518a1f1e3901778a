const SIDE = 100; // of a graph's view box
const REACH = 11; // pixels from the pointer to a node; to a line a little less

function shape(tag, attributes, name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (name) made.setAttribute("class", name);
  return made;
}

function put(made, row, column) {
  made.style.gridRow = row;
  made.style.gridColumn = column;
  return made;
}

function tree(data) {
  const drawn = shape("svg", { viewBox: `-0.5 -0.02 ${data.columns.length} 1.02`, preserveAspectRatio: "none",
    role: "img", "aria-label": data.tree.label }, "tree");
  for (const branch of data.tree.branches)
    drawn.append(shape("polyline", { points: branch.map(([x, y]) => `${x},${1 - y}`).join(" ") }));
  return drawn;
}

function heading(column, index, choose) {
  const made = element("button", `heading ${column.mark}`);
  const bar = element("u", "");
  bar.style.background = column.colour;
  made.append(bar, element("b", "", breakable(column.name)));
  if (column.mark) made.append(element("i", "", column.mark));
  made.title = column.title;
  made.dataset.at = `model.${index}`;
  made.onclick = () => choose(["model", index]);
  return made;
}

function graph(data, column, index) {
  const cell = element("div", "cell");
  const drawn = shape("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "application", "data-at": `graph.${index}`,
    "aria-label": `Graph of ${column.name}, ${data.probes.length} images. Left and right step through the images, up `
      + "and down through the lines of one, with Shift through the models. Enter selects." }, "graph");
  const places = column.positions.map(([x, y]) => [x * SIDE, (1 - y) * SIDE]);
  const lines = column.lines.map(([i, j, rank]) => ({
    ends: [i, j],
    made: shape("line", { x1: places[i][0], y1: places[i][1], x2: places[j][0], y2: places[j][1],
      "stroke-width": 0.5 + 1.3 * rank ** 4, "stroke-opacity": 0.25 + 0.5 * rank ** 4 }),
  }));
  const pair = shape("line", {}, "pair off");
  const nodes = places.map(([x, y], probe) => {
    const made = shape("g", { transform: `translate(${x} ${y})` });
    if (data.pictures) {
      const box = { x: -data.pictures / 2, y: -data.pictures / 2, width: data.pictures, height: data.pictures };
      made.append(shape("image", { ...box, href: data.probes[probe].image }), shape("rect", { ...box, rx: 1 }, "frame"));
    } else {
      made.append(shape("circle", { r: 2 }));
    }
    return made;
  });
  drawn.append(...lines.map((line) => line.made), pair, ...nodes);
  const said = element("div", "said");
  cell.append(drawn, said);
  return { cell, drawn, places, lines, pair, nodes, said, column, index };
}

// the node near the pointer, else the line near it, else nothing
function hit(one, event) {
  const box = one.drawn.getBoundingClientRect();
  const scale = box.width / SIDE;
  const [x, y] = [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
  let [found, least] = [null, REACH / scale];
  one.places.forEach(([px, py], probe) => {
    const distance = Math.hypot(px - x, py - y);
    if (distance < least) [found, least] = [{ probe }, distance];
  });
  if (found) return found;
  least = (0.7 * REACH) / scale;
  for (const { ends } of one.lines) {
    const [[ax, ay], [bx, by]] = ends.map((end) => one.places[end]);
    const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
    const along = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    const distance = Math.hypot(ax + along * (bx - ax) - x, ay + along * (by - ay) - y);
    if (distance < least) [found, least] = [{ pair: ends }, distance];
  }
  return found;
}

// light a probe or a pair in every column, every row and the readout
function lamp(data, graphs, rows, readout, what) {
  const rest = data.other === null ? { probe: data.selected }
    : { pair: [Math.min(data.selected, data.other), Math.max(data.selected, data.other)] };
  const pairs = Object.fromEntries(data.pairs.map((pair) => [pair.ends, pair]));
  let now, lit = [];
  const on = (made, name) => { made.classList.add(name); lit.push([made, name]); };
  function light(wanted) {
    const shown = wanted ?? rest;
    if (now && JSON.stringify([now, !wanted]) === JSON.stringify([shown, light.resting])) return;
    [now, light.resting] = [shown, !wanted];
    lit.forEach(([made, name]) => made.classList.remove(name));
    lit = [];
    const probes = shown.pair ?? [shown.probe];
    what.textContent = shown.pair ? "cosine" : "most alike";
    for (const one of graphs) {
      probes.forEach((probe) => on(one.nodes[probe], "lit"));
      one.pair.classList.add("off");
      if (shown.pair) joined(one, shown.pair);
      else around(one, shown.probe);
    }
    rows.forEach((row) => { if (!light.resting && probes.includes(row.probe)) row.made.forEach((made) => on(made, "lit")); });
    readout.replaceChildren(...probes.map((probe) => picture(data.probes[probe].image, "")),
      element("p", "", (wanted ? "" : "Selected: ") + (shown.pair ? pairs[shown.pair] : data.probes[shown.probe]).says));
  }
  function joined(one, [i, j]) {
    const [[x1, y1], [x2, y2]] = [one.places[i], one.places[j]];
    Object.entries({ x1, y1, x2, y2 }).forEach(([key, value]) => one.pair.setAttribute(key, value));
    const strong = one.lines.some(({ ends }) => ends.includes(i) && ends.includes(j));
    one.pair.classList.remove("off");
    one.pair.classList.toggle("weak", !strong);
    one.said.textContent = pairs[[i, j]].cosines[one.index];
    one.said.title = "";
  }
  function around(one, probe) {
    one.lines.forEach(({ ends, made }) => { if (ends.includes(probe)) on(made, "touched"); });
    one.said.textContent = one.said.title = one.column.nearest[probe];
  }
  light.now = () => now;
  return light;
}

// `cursor` is where the keyboard stands: a probe, and which of its lines in this graph (-1: none)
function keys(data, graphs, one, light, choose, cursor) {
  const count = data.probes.length;
  return (event) => {
    const { probe, line } = cursor;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const sideways = event.key === "ArrowRight" || event.key === "ArrowLeft";
    if (step && sideways && event.shiftKey) {
      const next = graphs[one.index + step];
      if (next) next.drawn.focus();
    } else if (step && sideways) {
      [cursor.probe, cursor.line] = [(probe + step + count) % count, -1];
      light({ probe: cursor.probe });
    } else if (step) {
      const own = one.lines.filter(({ ends }) => ends.includes(probe));
      if (own.length) {
        cursor.line = line < 0 && step < 0 ? own.length - 1 : (line + step + own.length) % own.length;
        light({ pair: own[cursor.line].ends });
      }
    } else if (event.key === "Enter" || event.key === " ") {
      choose(light.now());
    } else if (event.key === "Escape") {
      light(null);
    } else {
      return;
    }
    event.preventDefault();
  };
}

function key(data) {
  const made = element("div", "key");
  for (const [name, colour] of data.groups) {
    const entry = element("span", "", name);
    const bar = element("u", "");
    bar.style.background = colour;
    entry.prepend(bar);
    made.append(entry);
  }
  made.append(legend(data.legend));
  return made;
}

// scroll sideways until the target's column is in view
function reveal(board) {
  const target = board.querySelector(".heading.target");
  if (target && target.offsetLeft + target.offsetWidth > board.clientWidth)
    board.scrollLeft = target.offsetLeft - board.clientWidth / 2;
}

export default function({ data, parentElement, setTriggerValue }) {
  const count = data.columns.length;
  const last = data.rows.length + 3;
  const send = (clicked) => setTriggerValue("clicked", clicked);
  const choose = (lit) => send(lit.pair ? ["pair", ...lit.pair] : ["probe", lit.probe]);
  const board = element("div", "columns");
  board.setAttribute("role", "group");
  board.setAttribute("aria-label", data.label);
  board.style.setProperty("--size", `${data.size}px`);
  board.style.gridTemplateColumns = `${data.size + 18}px repeat(${count}, minmax(${data.narrow}px, ${data.wide}px))`;

  const scale = put(element("div", "first scale"), 1, 1);
  scale.append(element("span", "", data.tree.top), element("span", "", data.tree.axis), element("span", "", "0"));
  board.append(scale, put(tree(data), 1, "2 / -1"), put(element("div", "first"), 2, 1));
  data.columns.forEach((column, index) => {
    if (column.mark) board.append(put(element("div", `tint ${column.mark}`), `2 / ${last + 1}`, index + 2));
    board.append(put(heading(column, index, send), 2, index + 2));
  });

  const graphs = data.columns.map((column, index) => graph(data, column, index));
  const rows = data.rows.map((row, place) => {
    const { name, image } = data.probes[row.probe];
    const thumb = put(element("button", "first"), place + 3, 1);
    thumb.append(picture(image, ""), element("span", "", name));
    thumb.dataset.at = `row.${place}`;
    thumb.title = name;
    thumb.setAttribute("aria-label", `Select ${name}`);
    const maps = row.maps.map((source, index) => {
      const map = put(element("div", "map"), place + 3, index + 2);
      map.append(picture(source, `${name} in ${data.columns[index].name}` + (source === null ? ": no attribution" : "")));
      return map;
    });
    return { probe: row.probe, made: [thumb, ...maps] };
  });
  const readout = element("div", "readout");
  readout.setAttribute("aria-live", "polite");
  const what = element("span", "what"); // what is written under the graphs
  const light = lamp(data, graphs, rows, readout, what);

  for (const { probe, made } of rows) {
    const chosen = probe === data.selected || probe === data.other;
    made[0].setAttribute("aria-pressed", chosen ? "true" : "false");
    made[0].onfocus = () => { if (made[0].matches(":focus-visible")) light({ probe }); };
    made[0].onblur = () => light(null);
    for (const part of made) {
      if (chosen) part.classList.add("chosen");
      part.onpointerenter = () => light({ probe });
      part.onpointerleave = () => light(null);
      part.onclick = () => choose({ probe });
      board.append(part);
    }
  }
  const foot = put(element("div", "first foot"), last, 1);
  foot.append(element("span", "", `${data.probes.length} images`), what);
  board.append(foot);
  const reach = (index) => graphs.forEach((one) => one.drawn.setAttribute("tabindex", one.index === index ? 0 : -1));
  const cursor = { probe: data.selected, line: -1 };
  for (const one of graphs) {
    one.drawn.onpointermove = one.drawn.onpointerdown = (event) => light(hit(one, event));
    one.drawn.onpointerleave = () => light(null);
    one.drawn.onclick = (event) => { const found = hit(one, event); if (found) choose(found); };
    one.drawn.onkeydown = keys(data, graphs, one, light, choose, cursor);
    one.drawn.onfocus = () => { reach(one.index); cursor.line = -1; };
    one.drawn.onblur = () => light(null);
    board.append(put(one.cell, last, one.index + 2));
  }
  reach(Math.max(0, data.columns.findIndex((column) => column.mark === "target")));
  light(null);
  if (redraw(parentElement, board, [key(data), board, readout])) requestAnimationFrame(() => reveal(board));
}
