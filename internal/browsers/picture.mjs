// node picture.mjs FILE URL: the picture of the documentation: the page for the code in the standard
// design, in the dark, and in that of a shop.
import { open } from "./browser.mjs";

const [, , file, url] = process.argv;
const browser = await open("chromium");
const { page } = browser;

async function shot(site, scheme) {
  await page.setViewport({ width: 440, height: 700, deviceScaleFactor: 2 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(`${url}${site}`);
  await page.type("#address", `ada@example.com`);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  const image = await page.screenshot({ encoding: "base64" });
  return `<img alt="" width="440" src="data:image/png;base64,${image}">`;
}

const shots = [
  await shot("/script/sign_in/", "light"),
  await shot("/script/reset_password/", "dark"),
  await shot("/sign-in/", "light"),
];
await page.setViewport({ width: 1380, height: 730, deviceScaleFactor: 1 });
await page.setContent(`<body style="margin:15px;display:flex;gap:15px;background:#d6dae0">${shots.join("")}`);
await page.screenshot({ path: file, fullPage: true });
await browser.close();
