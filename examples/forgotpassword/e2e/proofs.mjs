// node proofs.mjs URL LISTENER KEY WANT TEST: resets a password in a Chromium that proves addresses.
// All hosts are at LISTENER, with a certificate of the KEY. WANT says what becomes of the proof:
// "spared" is the mail, "down" the issuer, "off" the browser's feature. TEST has mails and counts.
import assert from "node:assert/strict";
import { see, submit } from "../../../internal/browsers/browser.mjs";
import { focused, openProving } from "../../../internal/browsers/prove.mjs";

const [, , url, listener, key, want, test] = process.argv;
const [ada, grace] = ["ada@example.com", "grace@example.com"];
const state = async (to, nonce = "") =>
  (await fetch(`${test}?${new URLSearchParams({ to, nonce })}`)).json();
const pause = () => new Promise((resolve) => setTimeout(resolve, 500)); // as a person takes

const send = ({ page }) => submit(page, () => page.click("main form button"));

// prove has a browser prove the address: it is typed and left, and the form is sent. Where the
// machine is so slow that the browser is not ready for that, another one tries.
async function prove() {
  for (let tries = 0; tries < 5; tries++) {
    const before = await state(ada);
    const browser = await openProving(url, listener, key);
    await browser.type(ada);
    await pause();
    await browser.press("Tab");
    for (let waits = 0; waits < 10; waits++) {
      await pause();
      if ((await state(ada)).issued > before.issued) {
        break;
      }
    }
    await send(browser);
    if ((await state(ada)).asked > 0) {
      return { browser, sent: before.mails.length };
    }
    await browser.close();
  }
  throw new Error("no token came with the form");
}

const cases = {
  async spared() {
    const { browser, sent } = await prove();
    await see(browser, "Choose a new password");
    await focused(browser, "password");
    assert.equal((await state(ada)).mails.length, sent);

    await browser.type("a moth in relay seventy");
    await browser.press("Enter");
    await see(browser, "Your password was changed");
    assert.equal((await state(ada)).mails.length, sent + 1, "the notice");
    return browser;
  },

  async down() {
    const { browser } = await prove();
    await see(browser, "Enter the code");
    assert.ok((await state(ada)).mails.length > 0);
    return browser;
  },

  async off() {
    const browser = await openProving(url, listener, key, "");
    const { page } = browser;
    await browser.type(ada);
    await browser.press("Tab");
    await send(browser);
    await see(browser, "Enter the code");
    assert.equal((await state(ada)).mails.length, 1);
    assert.equal((await state(ada)).issued, 0);

    await browser.visit(url); // with a token that is stale
    const nonce = await page.$eval("[data-nonce]", (field) => field.nonce);
    const { stale } = await state(grace, nonce);
    await page.$eval("[data-nonce]", (field, token) => (field.value = token), stale);
    await focused(browser, "address");
    await browser.type(grace);
    await submit(page, () => browser.press("Enter"));
    await see(browser, "Enter the code");
    assert.equal((await state(grace)).mails.length, 1);
    return browser;
  },
};

const browser = await cases[want]();
await browser.close();
process.exit();
