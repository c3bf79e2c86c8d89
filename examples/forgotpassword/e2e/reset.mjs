// node reset.mjs TEST URL ADDRESS: resets a password by keyboard, and signs in. TEST has the mails.
import assert from "node:assert/strict";
import { open, see, submit, until, wrong } from "../../../internal/browsers/browser.mjs";

const [, , test, url, address] = process.argv;
const [oldPassword, newPassword] = ["lovely analytical engine", "a moth in relay seventy"];
const browser = await open("chromium");
const { page } = browser;
const mails = async () => (await fetch(test)).json();
const focused = (id) =>
  until(() => page.evaluate(`document.activeElement.id === ${JSON.stringify(id)}`), "#" + id);
const enter = (...keys) =>
  submit(page, async () => {
    for (const key of keys) {
      await (key === "Tab" ? browser.press(key) : browser.type(key));
    }
    await browser.press("Enter");
  });

await browser.visit(url);
await focused("address");
await enter(address);
await see(browser, "Enter the code");
await see(browser, "Attempts left: 5");
assert.ok(await page.$(".again button:disabled"), "one can ask again at once");

const [code] = (await mails())[0].match(/^\d{8}$/m);
await focused("code");
await browser.type(wrong(code));
await browser.press("Tab");
await browser.type(newPassword);
await browser.press("Enter");
await see(browser, "That’s not the code.");
await see(browser, "Attempts left: 4");
await focused("code");
const kept = await page.$eval("#password", (field) => field.value);
assert.equal(kept, newPassword, "the password is to be typed again");

await browser.press("SelectAll");
await enter(code.slice(0, 4) + " " + code.slice(4));
await see(browser, "Your password was changed");
assert.equal((await mails()).length, 2);
assert.match((await mails())[1], /was changed/);

await submit(page, () => page.click(".links a"));
await focused("email");
await enter(address, "Tab", oldPassword);
await see(browser, "The address or the password is wrong.");
await focused("password");
await enter(newPassword);
await see(browser, "The password is right.");
await browser.close();
process.exit();
