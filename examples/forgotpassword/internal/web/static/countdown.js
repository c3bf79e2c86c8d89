// Counts down until one may ask for a code again. Without it, the page says how long that takes.
"use strict";
for (const button of document.querySelectorAll("button[data-wait]")) {
  const end = performance.now() + Number(button.dataset.wait) * 1000;
  const note = document.querySelector("[data-wait-note]");
  const left = document.querySelector("[data-wait-left]");
  const tick = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    button.disabled = seconds > 0;
    if (seconds <= 0) {
      note.remove();
      return;
    }
    if (seconds <= 120) {
      left.textContent = seconds === 1 ? "1 second" : seconds + " seconds";
    }
    setTimeout(tick, 250);
  };
  tick();
}
