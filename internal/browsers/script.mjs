// node script.mjs URL: what the script of the pages does with pasted text, links, clocks that stand
// still or are wrong, and forms that were stopped, in Chromium.
import assert from "node:assert/strict";
import { open, see, tryAll, until } from "./browser.mjs";

const [, , url] = process.argv;
const browser = await open("chromium");
const { page } = browser;

// Both clocks of the page can be moved: the one that may stand still in sleep, and the machine's.
await page.evaluateOnNewDocument(() => {
  const [now, date] = [performance.now.bind(performance), Date.now];
  globalThis.moved = { page: 0, machine: Number(sessionStorage.getItem("wrong") ?? 0) };
  performance.now = () => now() + moved.page;
  Date.now = () => date() + moved.machine;
});

const move = (clocks) =>
  page.evaluate(
    `Object.assign(moved, ${JSON.stringify(clocks)}); dispatchEvent(new Event("focus"))`,
  );

async function ask(site = "sign_in") {
  await page.goto(`${url}/script/${site}/`);
  await page.type("#address", `ada${Math.random().toString(36).slice(2)}@example.com`);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

const minutes = 60_000;
const checks = {
  async "a pasted sentence gives its code if exactly one fits"() {
    await ask();
    const sentences = {
      "Your code is 492013. It expires in 10 minutes.": "492013",
      "492 013": "492013",
      "Code: 492-013": "492013",
      "#492013.": "492013",
      "Ihr Code lautet 492013 und gilt 10 Minuten": "492013",
      "您的验证码是492013，10 分钟内有效": "492013",
      "رمزك هو ٤٩٢٠١٣ وهو صالح لمدة ١٠ دقائق": "٤٩٢٠١٣",
      "आपका कोड ४९२०१३ है": "४९२०१३",
      "492013 or 123456": "492013 or 123456",
      "No number at all": "No number at all",
    };
    for (const [sentence, want] of Object.entries(sentences)) {
      const got = await page.evaluate((text) => {
        const field = document.querySelector("#code");
        field.value = "";
        const clipboardData = new DataTransfer();
        clipboardData.setData("text", text);
        const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
        return field.dispatchEvent(paste) ? text : field.value; // the browser pastes the text then
      }, sentence);
      assert.equal(got, want, sentence);
    }
  },

  async "the lifetime counts down and runs out"() {
    await ask();
    await see(browser, "valid for another 10 min");
    await move({ page: 8 * minutes, machine: 8 * minutes });
    await see(browser, "valid for another 2 min");
    await move({ page: 9 * minutes, machine: 9 * minutes });
    await until(() => page.evaluate("/another [01]:\\d\\d/.test(document.body.innerText)"));
    await move({ page: 11 * minutes, machine: 11 * minutes });
    await see(browser, "The code has expired.");
    assert.ok(await page.$("#code"), "the form is there: the server judges");
  },

  async "a countdown goes on in sleep, where one clock stands still"() {
    await ask("limited");
    assert.ok(await page.$(".again button:disabled"));
    await move({ machine: 10 * minutes });
    await until(() => page.evaluate('!document.querySelector(".again button").disabled'));
  },

  async "a clock that is wrong, or is set back, does no harm"() {
    await page.evaluate('sessionStorage.setItem("wrong", -5 * 3600 * 1000)');
    await ask("limited");
    await see(browser, "ask for another code in 0:5");
    await move({ machine: -9 * 3600_000, page: 2 * minutes });
    await until(() => page.evaluate('!document.querySelector(".again button").disabled'));
    await page.evaluate("sessionStorage.clear()");
  },

  async "a form that was stopped can be sent again"() {
    await ask();
    await page.evaluate(() => {
      globalThis.sent = 0;
      addEventListener("submit", (event) => {
        globalThis.sent += event.defaultPrevented ? 0 : 1;
        event.preventDefault(); // as a browser that was stopped does
      });
    });
    await page.type("#code", "123456");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate("sent"), 1, "two clicks are one form");
    await until(() => page.evaluate('!document.querySelector("form").dataset.sent'));
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate("sent"), 2);
  },

  async "the button says that it waits"() {
    await page.goto(`${url}/script/sign_in/`);
    await page.type("#address", "ada@example.com");
    const shown = await page.evaluate(() => {
      // The page stays until the answer is there: what it says is read in the same step.
      const button = document.querySelector("main form button[data-busy]");
      button.click();
      return [button.textContent, button.ariaDisabled, button.form.ariaBusy].join();
    });
    assert.equal(shown, "Sending…,true,true");
    await see(browser, "Enter the code");
  },

  async "a password is shown, and hidden again"() {
    await ask("reset_password");
    const type = () => page.evaluate('document.querySelector("#password").type');
    assert.equal(await type(), "password");
    await page.click(".show");
    assert.equal(await type(), "text");
    await see(browser, "Hide password");
    await page.click(".show");
    assert.equal(await type(), "password");
  },

  async "a link gives a code, and nothing else"() {
    await ask();
    for (const [link, want] of [
      ["492013", "492013"],
      ["BCDFGHJ", "BCDFGHJ"],
      ["1234", ""],
      ["A".repeat(5000), ""],
      ["Your%20account%20is%20locked", ""],
    ]) {
      await page.evaluate('document.querySelector("#code").value = ""');
      await page.evaluate(`location.hash = "#c=${link}"`);
      await until(() => page.evaluate("location.hash === ''"));
      assert.equal(await page.evaluate('document.querySelector("#code").value'), want, link);
    }
  },
};

await tryAll(checks);
await browser.close();
process.exit();
