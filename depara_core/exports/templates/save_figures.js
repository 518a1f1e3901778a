for (const button of document.querySelectorAll("button[data-form]"))
  button.onclick = () => Plotly.downloadImage(document.getElementById(button.dataset.figure),
    {format: button.dataset.form, filename: button.dataset.file, scale: button.dataset.form === "png" ? 2 : 1});
