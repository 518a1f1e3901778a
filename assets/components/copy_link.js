// A button that copies the page's address, which holds all that is chosen.

async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = element("textarea", ""); // without https there is no clipboard but this one
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("no clipboard");
}

export default function({ data, parentElement }) {
  const board = element("div", "copy");
  const button = element("button", "link", data.label);
  button.title = data.help;
  const said = element("span", "said");
  said.setAttribute("role", "status");
  button.onclick = () =>
    copied(window.location.href).then(
      () => { said.textContent = data.done; setTimeout(() => { said.textContent = ""; }, 2500); },
      () => { said.textContent = data.failed; },
    );
  board.append(said, button);
  redraw(parentElement, board, [board]);
}
