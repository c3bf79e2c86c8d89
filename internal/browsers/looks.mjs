// node looks.mjs BROWSER LANGUAGES URL: looks at each state of each page, in the languages given
// ("en,ar"): no violation that axe knows, nothing that runs off a narrow page, and pictures below
// $PICTURES where that is set.
import { writeFile } from "node:fs/promises";
import { faults, open, stranger, until, wrong } from "./browser.mjs";

const [, , name, languages, url] = process.argv;
const code = async () => (await (await fetch(`${url}/inbox`)).text()).trim().split("\n").at(-1);

const plain = { width: 1024, text: "100%" };
const narrow = { width: 320, text: "100%" };
const large = { width: 640, text: "200%" };
const again = { again: true }; // the same page in another shape
const light = { plain, narrow: { ...narrow, ...again }, large: { ...large, ...again } };
const dark = { dark: { ...plain, ...again } };

// look tries a state of a page in all shapes.
async function look(browser, shapes, state) {
  for (const [shape, { width, text, again }] of Object.entries(shapes)) {
    await browser.resize(width, 900);
    await until(() => browser.evaluate(`innerWidth === ${width}`), `a width of ${width}`);
    await browser.evaluate(`document.documentElement.style.fontSize = "${text}"`);

    const found = await faults(browser, again);
    if (found.length > 0) {
      console.error(`${name}, ${state}, ${shape}: ${found.join("\n")}`);
      process.exitCode = 1;
    }
    if (process.env.PICTURES) {
      const file = `${process.env.PICTURES}/${name}-${state}-${shape}.png`;
      await writeFile(file, await browser.picture());
    }
  }
}

// submit sends the form of the page, and waits for the next page.
async function submit(browser, fields) {
  await browser.evaluate(`(() => {
    globalThis.left = true;
    Object.entries(${JSON.stringify(fields)}).forEach(([id, value]) => {
      document.getElementById(id).value = value;
    });
    HTMLFormElement.prototype.submit.call(document.querySelector("form"));
  })()`);
  await until(
    () => browser.evaluate('!globalThis.left && document.readyState === "complete"'),
    "the next page",
  );
}

// lookAtAll goes through all pages in one language.
async function lookAtAll(browser, language, shapes) {
  const site = `${url}/in/${language}/script/`;
  const see = (state) => look(browser, shapes, `${language}-${state}`);

  for (const kind of ["sign_in", "phone", "confirm_address", "change_address", "reset_password"]) {
    const person = kind === "phone" ? "+12015550123" : `ada.${kind}.${language}@example.com`;
    const password = kind === "reset_password" ? { password: "a moth in relay seventy" } : {};

    await browser.visit(`${site}${kind}/`);
    await see(`${kind}-ask`);
    await submit(browser, { address: "ada@x" });
    await see(`${kind}-refused`);
    await submit(browser, { address: person });
    await see(`${kind}-code`);
    await submit(browser, { code: "00000", ...password });
    await see(`${kind}-wrong`);
    await submit(browser, { code: await code(), ...password });
    if (kind !== "sign_in" && kind !== "phone") {
      await see(`${kind}-done`); // the others lead on at once
    }
  }

  await browser.visit(`${site}confirm_transaction/`);
  await see("transaction-ask");
  await submit(browser, {});
  await see("transaction-code");
  await submit(browser, { code: await code() });
  await see("transaction-done");

  await browser.visit(`${site}reset_password/`);
  await submit(browser, { address: `eve.${language}@example.com` });
  for (let tries = 0; tries < 5; tries++) {
    await submit(browser, { code: wrong(await code()), password: "a moth in relay seventy" });
  }
  await see("exhausted");

  await fetch(`${url}/service?down`);
  await browser.visit(`${site}turnstile/`);
  await stranger(`${site}turnstile/`, `ada.${language}@example.com`);
  await submit(browser, { address: `ada.${language}@example.com` });
  await browser.evaluate('document.querySelector(".late").style.animation = "none"');
  await see("challenge");

  await browser.visit(`${site}sign_in/nowhere`);
  await see("message");
  await browser.visit(`${site}sign_in/`);
  await browser.forget();
  await submit(browser, { address: "ada@example.com" });
  await see("cookies-blocked");
  await browser.forget();
  await browser.visit(`${site}sign_in/code#c=492013`);
  await see("elsewhere");
}

// All shapes in the first language, and the narrow one in the others.
const [first, ...others] = languages.split(",");
const day = await open(name);
await lookAtAll(day, first, light);
for (const language of others) {
  await lookAtAll(day, language, { narrow });
}
await day.close();

const night = await open(name, { dark: true });
await lookAtAll(night, first, dark);
await night.close();
process.exit();
