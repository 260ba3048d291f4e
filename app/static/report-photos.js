// Each photo is drawn on a canvas, small enough to send, where a finger blurs what must not be seen. What is sent is the
// canvas. Without this file the photos are sent as they are, and cleaned by the server.
(() => {
  const input = document.querySelector("[data-photos]");
  const shown = document.querySelector("[data-drawn]");
  if (!input || !("DataTransfer" in window)) return;
  const LONGEST = 1600;
  const BRUSH = 24;
  let drawn = [];

  async function draw(file) {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    brush(canvas);
    return canvas;
  }

  // Not softened but averaged into one colour: nobody reads it back.
  function brush(canvas) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const wipe = (event) => {
      if (!event.buttons) return;
      event.preventDefault();
      const ratio = canvas.width / canvas.clientWidth;
      const size = Math.round(BRUSH * ratio);
      const x = Math.max(0, Math.round(event.offsetX * ratio - size / 2));
      const y = Math.max(0, Math.round(event.offsetY * ratio - size / 2));
      const { data } = context.getImageData(x, y, size, size);
      const sum = [0, 0, 0];
      for (let at = 0; at < data.length; at += 4) for (const colour of [0, 1, 2]) sum[colour] += data[at + colour];
      context.fillStyle = `rgb(${sum.map((one) => Math.round((one * 4) / data.length)).join(" ")})`;
      context.fillRect(x, y, size, size);
    };
    canvas.addEventListener("pointerdown", wipe);
    canvas.addEventListener("pointermove", wipe);
  }

  input.addEventListener("change", async () => {
    for (const canvas of drawn) canvas.remove();
    drawn = [];
    for (const file of [...input.files].slice(0, Number(input.dataset.photos))) {
      try {
        drawn.push(await draw(file));
      } catch {
        drawn = [];
        break; // no picture: sent as it is, the server says why not
      }
    }
    shown.hidden = drawn.length === 0;
    shown.append(...drawn);
  });

  input.form.addEventListener("submit", async (event) => {
    if (!drawn.length || input.dataset.ready) return;
    event.preventDefault();
    const button = event.submitter;
    const files = new DataTransfer();
    for (const [number, canvas] of drawn.entries()) {
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
      files.items.add(new File([blob], `${number + 1}.jpg`, { type: "image/jpeg" }));
    }
    input.files = files.files;
    input.dataset.ready = "1";
    input.form.requestSubmit(button);
  });
})();
