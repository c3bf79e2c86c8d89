// node flows.mjs BROWSER URL: goes through the pages of every kind by keyboard, with and without
// their script. Fails with what was not seen.
import assert from "node:assert/strict";
import { open, see, stranger, tryAll, until, wrong } from "./browser.mjs";

const [, , name, url] = process.argv;
const browser = await open(name);
console.log(browser.version);

// code returns the code that was sent last, from the inbox of the test.
const code = async () => (await (await fetch(`${url}/inbox`)).text()).trim().split("\n").at(-1);
const focused = (id) =>
  until(() => browser.evaluate(`document.activeElement.id === ${JSON.stringify(id)}`), "#" + id);

async function enterCode(password) {
  const right = await code();
  await focused("code");
  await browser.type(wrong(right));
  if (password) {
    await browser.press("Tab");
    await browser.type(password);
  }
  await browser.press("Enter");
  await see(browser, "That’s not the code.");

  await focused("code");
  await browser.press("SelectAll");
  await browser.type(right);
  if (password) {
    await browser.press("Tab");
    await browser.press("SelectAll");
    await browser.type(password);
  }
  await browser.press("Enter");
}

async function typed(site, address, password) {
  await browser.visit(`${url}${site}`);
  await focused("address");
  await browser.type(address);
  await browser.press("Enter");
  await see(browser, "Enter the code");
  await enterCode(password);
}

const person = () => `ada${Math.random().toString(36).slice(2)}@example.com`;

const kinds = {
  async sign_in(site) {
    await typed(`${site}?next=/welcome`, person());
    await see(browser, "This is /welcome");
  },
  async phone(site) {
    await typed(site, "+1201555" + String(Math.floor(1000 + Math.random() * 9000)));
    await see(browser, "This is /");
  },
  async confirm_address(site) {
    await typed(site, person());
    await see(browser, "Your email address is confirmed");
  },
  async change_address(site) {
    await typed(site, person());
    await see(browser, "Your email address was changed");
  },
  async reset_password(site) {
    await typed(site, person(), "a moth in relay seventy");
    await see(browser, "Your password was changed");
  },
  async confirm_transaction(site) {
    await browser.visit(`${url}${site}`);
    await see(browser, "€250.00");
    await browser.press("Tab");
    await until(() => browser.evaluate("document.activeElement.tagName === 'BUTTON'"), "the button");
    await browser.press("Enter");
    await see(browser, "Enter the code");
    await see(browser, "€250.00");
    await enterCode();
    await see(browser, "Confirmed");
  },
};

// challenged shows that a person gets a code nevertheless, by solving a challenge.
async function challenged(site, field) {
  const [address, help] = [person(), "Nothing to solve here?"];
  const service = (does) => fetch(`${url}/service?${does}`);
  const again = async () => browser.visit(await browser.evaluate("location.href"));
  const answer = `document.querySelector('[name="${field}"]')?.value`;

  await stranger(`${url}${site}`, address);
  await service("down");
  await browser.visit(`${url}${site}`);
  await focused("address");
  await browser.type(address);
  await browser.press("Enter");
  await see(browser, "show that you’re a person");
  await see(browser, help);

  for (const [does, text] of [
    ["lies", "We couldn’t confirm that you’re a person"],
    ["works", "Enter the code"],
  ]) {
    await service(does);
    await again();
    await until(() => browser.evaluate(answer), field);
    assert.ok(!(await browser.evaluate("document.body.innerText")).includes(help), "help");
    await focused("address");
    await browser.press("Enter");
    await see(browser, text);
  }
  await enterCode();
  await see(browser, "This is /");
}

for (const [service, field] of Object.entries({
  turnstile: "cf-turnstile-response",
  hcaptcha: "h-captcha-response",
  recaptcha: "g-recaptcha-response",
})) {
  kinds[service] = async (site) => site.startsWith("/script/") && challenged(site, field);
}

for (const scripted of ["script", "plain", "prefix/script"]) {
  const checks = Object.entries(kinds).map(([kind, go]) => [
    `${name}, ${kind}, ${scripted}`,
    () => go(`/${scripted}/${kind}/`),
  ]);
  await tryAll(Object.fromEntries(checks));
}
await browser.close();
process.exit();
