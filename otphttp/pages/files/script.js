// Everything works without this script. With it, forms show that they are under way and keep a typed
// password, waits count down, passwords can be shown, and the code of a link is filled in.
"use strict";

const find = (selector) => document.querySelector(selector);

function setUp() {
  document.querySelectorAll("[data-wait]").forEach(countDown);
  document.querySelectorAll(".show").forEach(offerToShow);
  takeCode();
}

// countDown keeps a form from asking again too soon.
function countDown(note) {
  const end = performance.now() + note.dataset.wait * 1000;
  const left = note.querySelector("[data-left]");
  const button = note.parentElement.querySelector("[data-busy]");

  const tick = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    button.disabled = seconds > 0;
    if (seconds <= 0) {
      note.remove();
      return;
    }
    if (seconds < 120) {
      left.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    }
    setTimeout(tick, 250);
  };
  tick();
}

function offerToShow(button) {
  const field = document.getElementById(button.getAttribute("aria-controls"));

  button.hidden = false;
  button.addEventListener("click", () => {
    const show = field.type === "password";
    field.type = show ? "text" : "password";
    button.textContent = show ? button.dataset.hide : button.dataset.show;
  });
}

// takeCode takes the code out of the address: into the field, or onto a page that has none, to be typed
// where it was asked for. A person has to send it.
function takeCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("c");
  if (!code) {
    return;
  }
  history.replaceState(null, "", location.pathname);

  const field = find("#code");
  if (field) {
    field.value = code;
    (find("#password") || find("[data-busy]")).focus();
  }

  const shown = find("[data-code]");
  if (shown) {
    shown.querySelector("strong").textContent = code;
    shown.hidden = false;
  }
}

addEventListener("hashchange", takeCode);

addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";

  const button = form.querySelector("[data-busy]");
  button.textContent = button.dataset.busy;
  button.setAttribute("aria-disabled", "true");
  form.setAttribute("aria-busy", "true");

  const password = form.querySelector("#password");
  if (password) {
    event.preventDefault();
    sendAndKeep(form, password);
  }
});

// sendAndKeep sends the form. If the answer is the same page, with something to correct, the password
// stays, so that it need not be typed again.
async function sendAndKeep(form, password) {
  try {
    const fields = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body: fields });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const field = next.querySelector("#password");

    if (answer.url !== form.action || !answer.ok || !field) {
      location.assign(answer.url);
      return;
    }

    field.value = password.value;
    document.title = next.title;
    find("main").replaceWith(next.querySelector("main"));
    setUp();
    (find("[aria-invalid]") || find("h1")).focus();
  } catch {
    form.submit();
  }
}

// A page that comes back from the browser's memory may be over.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    location.reload();
  }
});

setUp();
