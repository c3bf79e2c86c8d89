// A Chromium that proves addresses to the site at URL. All hosts are at LISTENER ("127.0.0.1:443"),
// with a certificate of the KEY (SHA-256, base64).
import { open, until } from "./browser.mjs";

// openProving shows the site's first page.
export async function openProving(url, listener, key, features = "EmailVerificationProtocol") {
  const flags = [
    `--enable-features=${features}`,
    "--auto-grant-email-verification-permission-for-testing",
    `--host-resolver-rules=MAP * ${listener}`,
    `--ignore-certificate-errors-spki-list=${key}`,
  ];
  const browser = await open("chromium", { flags });
  await browser.visit(url);
  await focused(browser, "address");
  return browser;
}

// focused waits until keys go to the element of the id.
export const focused = ({ page }, id) =>
  until(() => page.evaluate(`document.activeElement.id === ${JSON.stringify(id)}`), "#" + id);
