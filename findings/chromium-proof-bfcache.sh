#!/bin/sh
# Chromium does not begin to prove an address where earlier pages of the tab wait in the
# back/forward cache.
#
# The Email Verification Protocol begins when a person leaves a field with an address. In a tab that
# has shown pages with text fields before, of whatever sites, it does not: no request is made, no
# issue is reported, and the hidden field stays empty. With that cache switched off, it begins.
#
# Seen with Chromium 156.0.8078.108 (Debian), headless. Below, a mail provider and the sites are one
# server, which the browser finds under every name. Needs chromium, node and openssl.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
	-keyout key.pem -out cert.pem 2>/dev/null

cat >main.mjs <<'EOS'
import { spawn } from "node:child_process";
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";

const issuer = "https://accounts.issuer.example";
const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const form = (fields) => `<!DOCTYPE html><form method="post">${fields}<button>Go</button></form>`;
let received; // the token that came with the form

function issue(holder, email) {
  const claims = {
    iss: issuer, iat: Math.floor(Date.now() / 1000), cnf: { jwk: holder }, email,
    email_verified: true,
  };
  const signed = encode({ alg: "EdDSA", typ: "evt+jwt" }) + "." + encode(claims);
  const signature = crypto.sign(null, Buffer.from(signed), privateKey).toString("base64url");
  return { issuance_token: `${signed}.${signature}~` };
}

const answers = {
  "/resolve": ({ query }) => ({
    Status: 0,
    Answer: [{ name: query.get("name"), type: 16, data: "iss=accounts.issuer.example" }],
  }),
  "/.well-known/email-verification": () => ({
    issuance_endpoint: issuer + "/issue", jwks_uri: issuer + "/keys",
    signing_alg_values_supported: ["EdDSA"],
  }),
  "/.well-known/web-identity": () => ({
    accounts_endpoint: issuer + "/accounts", login_url: issuer + "/login",
  }),
  "/accounts": () => ({ accounts: [{ id: "1", name: "Ada", email: "ada@mail.example" }] }),
  "/keys": () => ({ keys: [publicKey.export({ format: "jwk" })] }),
  "/issue": ({ request, body }) => {
    const x = /x="([^"]*)"/.exec(request.headers["signature-key"])[1];
    return issue({ kty: "OKP", crv: "Ed25519", x }, JSON.parse(body).email);
  },
  "/other": () => form('<input name="q">'),
  "/sign-in": ({ body }) => {
    received = new URLSearchParams(body).get("token");
    return form(`<input type="email" name="email" autocomplete="email" autofocus>
      <input type="hidden" name="token" autocomplete="email-verification-token"
        nonce="${crypto.randomUUID()}">`);
  },
};

const server = https.createServer({ key: readFileSync("key.pem"), cert: readFileSync("cert.pem") });
server.on("request", async (request, response) => {
  const { pathname, searchParams: query } = new URL(request.url, "https://x");
  const body = Buffer.concat(await request.toArray()).toString();
  const answer = answers[pathname]?.({ request, query, body }) ?? "";
  const page = typeof answer === "string";
  response.setHeader("Content-Type", page ? "text/html" : "application/json");
  response.end(page ? answer : JSON.stringify(answer));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

// The Chrome DevTools Protocol over a pipe.
const spki = new crypto.X509Certificate(readFileSync("cert.pem")).publicKey
  .export({ type: "spki", format: "der" });
const browser = spawn("chromium", [
  "--headless", "--no-sandbox", "--user-data-dir=profile", "--remote-debugging-pipe",
  "--enable-features=EmailVerificationProtocol",
  "--auto-grant-email-verification-permission-for-testing",
  `--host-resolver-rules=MAP * 127.0.0.1:${server.address().port}`,
  "--ignore-certificate-errors-spki-list=" +
    crypto.createHash("sha256").update(spki).digest("base64"),
  ...process.argv.slice(2), "about:blank",
], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const listeners = new Set();
let buffer = "";
browser.stdio[4].on("data", (data) => {
  const messages = (buffer + data).split("\0");
  buffer = messages.pop();
  messages.map((m) => JSON.parse(m)).forEach((m) => listeners.forEach((l) => l(m)));
});
const event = (wanted) => new Promise((done) => {
  const listener = (m) => wanted(m) && (listeners.delete(listener), done(m.result));
  listeners.add(listener);
});
let calls = 0, sessionId;
function call(method, params) {
  const id = ++calls;
  const answer = event((m) => m.id === id);
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  return answer;
}
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

async function load(method, params) {
  const loaded = event((m) => m.method === "Page.loadEventFired");
  await call(method, params);
  await loaded;
  await wait(500);
}

async function press(key, code, text) {
  await call("Input.dispatchKeyEvent", {
    type: text ? "keyDown" : "rawKeyDown", key, text, windowsVirtualKeyCode: code,
  });
  await call("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode: code });
}

const { targetInfos } = await call("Target.getTargets");
const { targetId } = targetInfos.find((t) => t.type === "page");
({ sessionId } = await call("Target.attachToTarget", { targetId, flatten: true }));
await call("Page.enable");

async function signIn() {
  await load("Page.navigate", { url: "https://shop.example/sign-in" });
  for (const c of "ada@mail.example") {
    await press(c, { "@": 50, ".": 190 }[c] ?? c.toUpperCase().charCodeAt(0), c);
  }
  await wait(500);
  await press("Tab", 9);
  await wait(2000);
  await load("Runtime.evaluate", { expression: "document.querySelector('button').click()" });
  return received ? "a token" : "no token";
}

console.log("in a new tab:", await signIn());
for (const host of ["a", "b", "c", "d", "e"]) {
  await load("Page.navigate", { url: `https://${host}.example/other` });
}
console.log("after five other sites:", await signIn());
browser.kill();
server.close();
server.closeAllConnections();
EOS

{
	echo "as it is" && node main.mjs && rm -rf profile
	echo "without the cache" && node main.mjs --disable-features=BackForwardCache
} | tee seen

cat >expected <<'EOS'
as it is
in a new tab: a token
after five other sites: no token
without the cache
in a new tab: a token
after five other sites: a token
EOS
diff expected seen
