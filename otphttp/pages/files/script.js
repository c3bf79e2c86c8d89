// Everything works without this script.
"use strict";

const find = (selector) => document.querySelector(selector);

function setUp() {
	document.querySelectorAll("[data-wait]").forEach(countDown);
	document.querySelectorAll("[data-valid]").forEach(runOut);
	document.querySelectorAll(".show").forEach(offerToShow);
	document.querySelectorAll("[data-nonce]").forEach(offerNonce);
	takeCode();
	awaitMessage();
}

// stopwatch returns a function that tells the seconds since then. The clock of the page may stand
// still in sleep, and the machine's may be set back, so the larger difference counts.
function stopwatch() {
	const page = performance.now();
	const machine = Date.now();

	return () => Math.max(performance.now() - page, Date.now() - machine) / 1000;
}

// every calls tick until it returns false: as time goes by, and at once where the page is seen again.
function every(tick) {
	const step = () => {
		if (tick()) {
			setTimeout(step, 250);
		}
	};
	addEventListener("visibilitychange", tick);
	addEventListener("focus", tick);
	step();
}

function showTime(left, seconds) {
	if (seconds < 120) {
		left.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
		return;
	}

	const minutes = Math.ceil(seconds / 60);
	if (left.dataset.minutes && minutes < 100) {
		left.textContent = left.dataset.minutes.replace("{n}", minutes);
	}
}

// countDown keeps a form from asking again too soon.
function countDown(note) {
	const passed = stopwatch();
	const left = note.querySelector("[data-left]");
	const button = note.parentElement.querySelector("[data-busy]");

	every(() => {
		const seconds = Math.ceil(note.dataset.wait - passed());
		button.disabled = seconds > 0;
		if (seconds > 0) {
			showTime(left, seconds);
			return true;
		}
		note.remove();
		return false;
	});
}

// runOut counts the lifetime of the code down, and says when it has run out. The form can still be
// sent: the server judges, whose clock is right.
function runOut(note) {
	const passed = stopwatch();
	const left = note.querySelector("[data-left]");

	every(() => {
		const seconds = Math.ceil(note.dataset.valid - passed());
		if (seconds > 0) {
			showTime(left, seconds);
			return true;
		}
		note.textContent = note.dataset.expired;
		note.className = "error";
		note.setAttribute("role", "alert");
		return false;
	});
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

// offerNonce sets what a browser proves an address with: a Content-Security-Policy header empties it.
function offerNonce(field) {
	field.setAttribute("nonce", field.dataset.nonce);
}

// Chromium proves an address once its field is left, and gives up when the form is sent. So a form
// that is sent from the field, or soon after, waits.
let touched = -Infinity;

for (const name of ["input", "focusout"]) {
	addEventListener(name, ({ target }) => {
		touched = target.id === "address" ? performance.now() : touched;
	});
}

addEventListener("click", (event) => {
	const form = event.target.matches("[data-busy]") && event.target.form;
	const soon = find("#address:focus") || performance.now() - touched < 1200;
	const proves = navigator.userAgentData && find("[data-nonce]");
	if (!soon || !proves || !form || form.dataset.sent || !form.checkValidity()) {
		return;
	}

	event.preventDefault();
	begin(form);
	setTimeout(() => find("#address").blur(), 200); // it has seen then what was typed last
	setTimeout(() => {
		end(form);
		form.requestSubmit();
	}, 1200);
});

// takeCode takes the code out of the link: into the field, or onto a page that has none, to be typed
// elsewhere. A link may hold any text, so only a code is taken.
function takeCode() {
	const code = new URLSearchParams(location.hash.slice(1)).get("c");
	if (code === null) {
		return;
	}
	history.replaceState(null, "", location.pathname + location.search);
	if (!/^[0-9A-Za-z]{5,14}$/.test(code)) {
		return;
	}

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

// onlyCode returns the one code in a text, or nothing if none or several fit.
function onlyCode(text, length, digits) {
	const symbols = digits ? "\\p{Nd}" : "[0-9A-Z]";
	const found = new Set();
	const add = (part) => {
		if (Array.from(part).length === length) {
			found.add(part);
		}
	};

	for (const [run] of text.matchAll(new RegExp(`${symbols}+(?:[\\s\\p{Pd}]${symbols}+)*`, "gu"))) {
		const parts = run.split(/[\s\p{Pd}]/u);
		add(parts.join(""));
		parts.forEach(add);
	}
	return found.size === 1 ? Array.from(found)[0] : undefined;
}

addEventListener("paste", (event) => {
	const field = event.target;
	if (field.id !== "code") {
		return;
	}

	const text = event.clipboardData.getData("text");
	const code = onlyCode(text, Number(field.dataset.length), field.inputMode === "numeric");
	if (code) {
		event.preventDefault();
		field.value = code;
	}
});

// awaitMessage has the browser offer the code of a text message (WebOTP), until the form is sent.
let waiting;

async function awaitMessage() {
	const field = find("#code[data-message]");
	if (!field || !("OTPCredential" in globalThis)) {
		return;
	}

	waiting?.abort();
	waiting = new AbortController();
	try {
		const options = { otp: { transport: ["sms"] }, signal: waiting.signal };
		field.value = (await navigator.credentials.get(options)).code;
		(find("#password") || find("[data-busy]")).focus();
	} catch {
		// The person types it.
	}
}

// patience is how long a form that was sent cannot be sent again, in milliseconds: the browser may
// have been stopped. The server knows a form that comes twice.
const patience = 8000;

addEventListener("submit", (event) => {
	const form = event.target;
	if (form.dataset.sent) {
		event.preventDefault();
		return;
	}

	waiting?.abort();
	begin(form);
	setTimeout(() => end(form), patience);

	const password = form.querySelector("#password");
	if (password) {
		event.preventDefault();
		sendAndKeep(form, password);
	}
});

function begin(form) {
	const button = form.querySelector("[data-busy]");

	form.dataset.sent = "yes";
	form.setAttribute("aria-busy", "true");
	button.dataset.idle = button.textContent;
	button.textContent = button.dataset.busy;
	button.setAttribute("aria-disabled", "true");
}

function end(form) {
	const button = form.querySelector("[data-busy]");

	delete form.dataset.sent;
	form.removeAttribute("aria-busy");
	button.textContent = button.dataset.idle;
	button.removeAttribute("aria-disabled");
}

// sendAndKeep sends the form. The password stays if the answer is the same page, to be corrected.
async function sendAndKeep(form, password) {
	try {
		const fields = new URLSearchParams(new FormData(form));
		const answer = await fetch(form.action, { method: "POST", body: fields });
		const next = new DOMParser().parseFromString(await answer.text(), "text/html");
		const field = next.querySelector("#password");

		if (answer.url.split("?")[0] !== form.action.split("?")[0] || !answer.ok || !field) {
			location.assign(answer.url);
			return;
		}

		field.value = password.value;
		document.title = next.title;
		find("main").replaceWith(next.querySelector("main"));
		setUp();
		(find("[aria-invalid]") || find("h1")).focus();
	} catch {
		end(form);
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
