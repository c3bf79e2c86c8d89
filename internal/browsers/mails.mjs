// node mails.mjs FOLDER: a picture NAME.png of each page NAME.html in the folder, whose frames have
// mails. All frames of a page become as high as the highest mail.
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { open } from "./browser.mjs";

const folder = resolve(process.argv[2]);
const browser = await open("chromium");
const { page } = browser;
for (const name of (await readdir(folder)).filter((name) => name.endsWith(".html"))) {
  const file = `${folder}/${name.slice(0, -".html".length)}`;
  await page.goto(`file://${file}.html`);
  const size = await page.evaluate(() => {
    const frames = [...document.querySelectorAll("iframe")];
    const heights = frames.map((frame) => frame.contentDocument.body.offsetHeight);
    frames.forEach((frame) => (frame.style.height = `${Math.max(...heights)}px`));
    return { width: document.body.scrollWidth, height: Math.max(...heights) };
  });
  await page.setViewport(size);
  await page.screenshot({ path: `${file}.png` });
}
await browser.close();
