#!/bin/sh
# WebKitWebDriver takes sslProxy for a proxy that is spoken to by TLS.
#
# The capability proxy of WebDriver (W3C, section "Proxy") has sslProxy, the host of the proxy for
# TLS traffic. A proxy for such traffic is asked in the clear, by CONNECT (RFC 9110 §9.3.6).
#
# Seen with WebKitGTK 2.50.6 (Debian, webkit2gtk-driver): the browser begins a TLS handshake with
# the proxy itself, which has no certificate, and the page fails to load. The same proxy as
# --proxy=http://… among the browser's arguments gets CONNECT. Needs WebKitWebDriver, xvfb-run,
# dbus-run-session and node.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >main.mjs <<'EOS'
import { spawn } from "node:child_process";
import { createServer } from "node:net";

// The proxy notes how a client begins, and hangs up.
const beginnings = [];
const proxy = createServer((socket) => {
  socket.on("error", () => {}).once("data", (data) => {
    const tls = data[0] === 0x16 && data[1] === 0x03;
    beginnings.push(tls ? "TLS handshake" : data.toString("latin1").split(" ")[0]);
    socket.destroy();
  });
});
await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
const address = `127.0.0.1:${proxy.address().port}`;

const port = 20000 + Math.floor(Math.random() * 10000);
const driver = spawn("WebKitWebDriver", [`--port=${port}`], { stdio: "ignore" });
async function command(method, path, body) {
  const options = { method, body: body && JSON.stringify(body) };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, options);
  return (await answer.json()).value;
}

// begins returns how a browser with these capabilities begins to talk to the proxy.
async function begins(capabilities, args) {
  beginnings.length = 0;
  const browser = { "webkitgtk:browserOptions": {
    binary: process.env.MINIBROWSER, args: ["--automation", ...args] } };
  const session = await command("POST", "/session",
    { capabilities: { alwaysMatch: { ...browser, ...capabilities } } });
  await command("POST", `/session/${session.sessionId}/url`, { url: "https://site.example/" });
  await command("DELETE", `/session/${session.sessionId}`);
  return beginnings[0];
}

for (let tries = 0; ; tries++) {
  try {
    await command("GET", "/status");
    break;
  } catch (failure) {
    if (tries > 50) throw failure;
    await new Promise((next) => setTimeout(next, 200));
  }
}
const capability = await begins({ proxy: { proxyType: "manual", sslProxy: address } }, []);
const argument = await begins({}, [`--proxy=http://${address}`]);
console.log(`sslProxy: ${capability}; --proxy: ${argument}`);
driver.kill();
process.exit(capability === "TLS handshake" && argument === "CONNECT" ? 0 : 1);
EOS
MINIBROWSER=$(find /usr/lib -name MiniBrowser -path '*webkit2gtk-4*' | head -1)
export MINIBROWSER WEBKIT_DISABLE_COMPOSITING_MODE=1 WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1
timeout 180 dbus-run-session -- xvfb-run -a node main.mjs
