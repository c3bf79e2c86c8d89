// node spa.mjs TEST PAGE API: resets passwords from pages of other origins, at the ports PAGE and
// API. TEST has the mails.
import assert from "node:assert/strict";
import { open } from "../../../internal/browsers/browser.mjs";

const [, , test, pagePort, apiPort] = process.argv;
const api = `https://api.acme.test:${apiPort}`;
const password = "a moth in relay seventy";
const mails = async (to) => (await fetch(`${test}?to=${to}`)).json();
const flags = ["--ignore-certificate-errors", "--host-resolver-rules=MAP *.test 127.0.0.1"];

// from opens a browser with the page of an origin, and returns what posts to the API.
async function from(host) {
  const browser = await open("chromium", { flags });
  await browser.visit(`https://${host}:${pagePort}`);
  const post = (path, body, credentials = "omit", type = "application/json") =>
    browser.page.evaluate(
      async (url, body, credentials, type) => {
        const headers = { "Content-Type": type };
        if (type === "application/json") {
          headers["Idempotency-Key"] = "k".repeat(22);
        }
        try {
          const answer = await fetch(url, { method: "POST", credentials, headers, body });
          return `${answer.status} ${await answer.text()}`.trim();
        } catch (e) {
          return e.name;
        }
      },
      api + path,
      body,
      credentials,
      type,
    );
  return { post, close: browser.close };
}

for (const [host, credentials, email] of [
  ["app.acme.test", "include", "ada@example.com"],
  ["app.other.test", "include", "grace@example.com"],
]) {
  const page = await from(host);
  const sent = await page.post("/generate-otp", JSON.stringify({ email }), credentials);
  assert.match(sent, /^202 /, host);
  const [otp] = (await mails(email)).at(-1).match(/^\d{8}$/m);
  for (let i = 0; i < 2; i++) {
    const done = await page.post("/reset", JSON.stringify({ otp, password }), credentials);
    assert.equal(done, '200 {"done":true}', host);
  }
  await page.close();
}

const without = await from("app.other.test");
const session = JSON.stringify({ email: "eve@example.com", session: "" });
assert.match(await without.post("/generate-otp", session), /^202 .*"session":"/);
await without.close();

const evil = await from("evil.test");
const before = await mails("grace@example.com");
for (const type of ["application/json", "application/x-www-form-urlencoded"]) {
  const got = await evil.post("/generate-otp", "email=grace@example.com", "omit", type);
  assert.equal(got, "TypeError", type);
}
assert.deepEqual(await mails("grace@example.com"), before, "a mail was sent");
await evil.close();
process.exit();
