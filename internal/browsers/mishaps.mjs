// node mishaps.mjs URL: what people do by accident with the pages of a reset, with and without their
// script, in Chromium.
import assert from "node:assert/strict";
import { open, see, submit, tryAll, until, wrong } from "./browser.mjs";

const [, , url] = process.argv;
const password = "a moth in relay seventy";
const button = "main form button[data-busy]";

const browser = await open("chromium");
const { page } = browser;
const tab = (page) => ({ page, evaluate: (script) => page.evaluate(script) });
const inbox = async (to) => (await (await fetch(`${url}/inbox?to=${to}`)).text()).split("\n").slice(0, -1);
const code = async (to) => (await inbox(to)).at(-1);
const text = (page, selector) => page.$eval(selector, (element) => element.innerText);
const forget = async (page) => page.deleteCookie(...(await page.cookies()));

async function fill(page, fields) {
  for (const [id, value] of Object.entries(fields)) {
    await page.$eval("#" + id, (field, value) => (field.value = value), value);
  }
}

// ask begins a reset for a person whom nobody else has.
async function ask(site, on = page) {
  const person = `ada${Math.random().toString(36).slice(2)}@example.com`;
  await on.goto(site);
  await fill(on, { address: person });
  await submit(on, () => on.click(button));
  return person;
}

// finish enters the right code.
async function finish(person, on = page) {
  await fill(on, { code: await code(person), password });
  await submit(on, () => on.click(button));
  await see(tab(on), "Your password was changed");
}

const mishaps = {
  async "a double click"(site) {
    const person = `ada${Math.random().toString(36).slice(2)}@example.com`;
    await page.goto(site);
    await fill(page, { address: person });
    await page.click(button, { count: 2 });
    await see(browser, "Enter the code");
    assert.equal((await inbox(person)).length, 1);

    await fill(page, { code: await code(person), password });
    await page.click(button, { count: 2 });
    await see(browser, "Your password was changed");
  },

  async "a reload after a wrong code"(site) {
    const person = await ask(site);
    await fill(page, { code: wrong(await code(person)), password });
    await page.click(button);
    await see(browser, "Attempts left: 4");
    for (let i = 0; i < 3; i++) {
      await page.reload();
      await see(browser, "Attempts left: 4");
    }
    await finish(person);
  },

  async "a form sent twice"(site) {
    const person = await ask(site);
    await page.goto(site);
    await fill(page, { address: person });
    await submit(page, () => page.click(button));
    await see(browser, "Enter the code");
    assert.equal((await inbox(person)).length, 1);
    await finish(person);
  },

  async "back after success"(site) {
    await finish(await ask(site));
    await page.goBack();
    await see(browser, "Your password was changed");
    await page.reload();
    await see(browser, "Your password was changed");
  },

  async "two tabs"(site) {
    const ada = await ask(site);
    const second = await page.browser().newPage();
    const grace = await ask(site, second);

    // The code of the first tab is not compared with the account of the second.
    await page.bringToFront();
    await fill(page, { code: await code(ada), password });
    await page.click(button);
    await see(browser, grace);
    await see(browser, "Attempts left: 5");
    await finish(grace);

    await second.reload();
    await see(tab(second), "Your password was changed");
    await second.close();
  },

  async "the last page is not for everybody"(site) {
    await forget(page);
    await page.goto(site + "done");
    await see(browser, "Reset your password");
  },

  async "cookies are blocked"(site) {
    await page.goto(site);
    await forget(page);
    const nobody = "nobody.blocked@example.com";
    await fill(page, { address: nobody });
    await submit(page, () => page.click(button));
    await see(browser, "Please allow cookies");
    assert.deepEqual(await inbox(nobody), [], "a mail whose code can be entered nowhere");
    await submit(page, () => page.click(".links a"));

    const person = await ask(site);
    await forget(page);
    await fill(page, { code: await code(person), password });
    await submit(page, () => page.click(button));
    await see(browser, "Enter the code where you asked for it");
    await see(browser, "allow cookies");
  },
};

// The link of a mail takes one click where the code was asked for. Elsewhere it shows the code and
// spends nothing: neither for a scanner that presses all it finds nor on another device.
async function links() {
  const site = `${url}/script/limited/`;
  const person = await ask(site);
  const link = `${site}code#c=${await code(person)}`;

  const context = await page.browser().createBrowserContext();
  const elsewhere = await context.newPage();
  await elsewhere.goto(link);
  await see(tab(elsewhere), "Enter the code where you asked for it");
  assert.ok((await text(elsewhere, "[data-code]")).includes(await code(person)));
  assert.equal(elsewhere.url(), site + "code", "the fragment is still there");
  assert.equal((await elsewhere.$$("button, input, form")).length, 0);
  await context.close();

  await page.goto("about:blank");
  await page.goto(link);
  await until(() => page.evaluate('document.activeElement.id === "password"'), "the focus");
  assert.equal(await page.$eval("#code", (field) => field.value), await code(person));
  assert.equal(page.url(), site + "code", "the fragment is still there");
  await see(browser, "Attempts left: 5");
  await page.keyboard.type(password);
  await submit(page, () => page.click(button));
  await see(browser, "Your password was changed");
}

for (const scripted of ["script", "plain"]) {
  await page.setJavaScriptEnabled(scripted === "script");
  const checks = Object.entries(mishaps).map(([what, check]) => [
    `${what}, ${scripted}`,
    () => check(`${url}/${scripted}/limited/`),
  ]);
  await tryAll(Object.fromEntries(checks));
}
await page.setJavaScriptEnabled(true);
await tryAll({ "the link of a mail": links });
await browser.close();
process.exit();
