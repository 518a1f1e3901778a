export default function({ data, parentElement, setTriggerValue }) {
  let grid = parentElement.querySelector(".grid");
  if (!grid) {
    grid = document.createElement("div");
    grid.className = "grid";
    grid.setAttribute("role", "group");
    parentElement.appendChild(grid);
  }
  grid.style.gridTemplateColumns = data.columns
    ? `repeat(${data.columns}, minmax(0, 1fr))` : `repeat(auto-fill, minmax(${data.size}px, 1fr))`;
  grid.setAttribute("aria-label", data.label);
  while (grid.children.length > data.images.length) grid.lastChild.remove();
  data.images.forEach((source, index) => {
    let button = grid.children[index];
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.append(document.createElement("img"), document.createElement("span"));
      grid.appendChild(button);
    }
    const [image, caption] = button.children;
    if (image.src !== source) image.src = source;
    image.alt = data.alts[index];
    caption.textContent = data.captions[index];
    caption.hidden = !data.captions[index];
    button.title = data.alts[index];
    button.setAttribute("aria-pressed", index === data.selected ? "true" : "false");
    button.onclick = () => setTriggerValue("clicked", index);
  });
  grid.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = [...grid.children].indexOf(event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    grid.children[Math.min(grid.children.length - 1, Math.max(0, at + step))].focus();
  };
}
