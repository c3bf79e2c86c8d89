// node laptop.mjs URL: looks at the pages that are the application's own.
import assert from "node:assert/strict";
import { faults, open, see, submit } from "../../../internal/browsers/browser.mjs";

const [, , url] = process.argv;
const browser = await open("chromium");
const { page } = browser;

async function look() {
  for (const [width, scheme] of [[1024, "light"], [320, "light"], [480, "dark"]]) {
    await page.setViewport({ width, height: 720 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    assert.deepEqual(await faults(page), [], `${page.url()}, ${width}, ${scheme}`);
  }
}

await browser.visit(url);
await see(browser, "No mail leaves this computer");
await look();
await page.type("#address", "ada@example.com");
await submit(page, () => browser.press("Enter"));
await browser.visit(`${url}/mailbox`);
await see(browser, "Reset your password for Acme");
await look();
await browser.visit(`${url}/sign-in`);
await look();
await browser.visit(`${url}/.well-known/change-password`);
assert.equal(page.url(), `${url}/`);
await browser.close();
process.exit();
