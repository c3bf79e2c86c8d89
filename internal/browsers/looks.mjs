// node looks.mjs LANGUAGES URL: looks at each state of each page in Chromium, in the languages given
// ("en,ar"): no violation that axe knows, nothing that runs off a narrow page, and pictures below
// $PICTURES where that is set.
import { faults, open, wrong } from "./browser.mjs";

const [, , languages, url] = process.argv;
const browser = await open("chromium");
const { page } = browser;
const first = languages.split(",")[0] + "-";
const code = async () => (await (await fetch(`${url}/inbox`)).text()).trim().split("\n").at(-1);

const shapes = {
  plain: { width: 1024, height: 900 },
  narrow: { width: 320, height: 900 },
  zoomed: { width: 640, height: 900, deviceScaleFactor: 2 },
  large: { width: 640, height: 900 }, // with text of twice the size
  dark: { width: 1024, height: 900 },
};

// look tries all shapes in the first language, and the narrow one in the others.
async function look(state) {
  for (const [shape, viewport] of Object.entries(shapes)) {
    if (shape !== "narrow" && !state.startsWith(first)) {
      continue;
    }

    await page.setViewport(viewport);
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: shape === "dark" ? "dark" : "light" },
    ]);

    const size = shape === "large" ? "200%" : "";
    await page.evaluate(`document.documentElement.style.fontSize = "${size}"`);

    const found = await faults(page);
    if (found.length > 0) {
      console.error(`${state}, ${shape}: ${found.join("\n")}`);
      process.exitCode = 1;
    }
    if (process.env.PICTURES) {
      await page.screenshot({ path: `${process.env.PICTURES}/${state}-${shape}.png`, fullPage: true });
    }
  }
}

const submit = (fields) =>
  Promise.all([
    page.waitForNavigation(),
    page.evaluate(`(() => {
      const form = document.querySelector("form");
      Object.entries(${JSON.stringify(fields)}).forEach(([id, value]) => {
        document.getElementById(id).value = value;
      });
      HTMLFormElement.prototype.submit.call(form);
    })()`),
  ]);

for (const language of languages.split(",")) {
  await page.setExtraHTTPHeaders({ "Accept-Language": language });
  const kinds = ["sign_in", "phone", "confirm_address", "change_address", "reset_password"];
  for (const kind of kinds) {
    const site = `${url}/script/${kind}/`;
    const person = kind === "phone" ? "+12015550123" : `ada.${kind}.${language}@example.com`;
    const password = kind === "reset_password" ? { password: "a moth in relay seventy" } : {};
    const state = (name) => `${language}-${kind}-${name}`;

    await page.goto(site);
    await look(state("ask"));
    await submit({ address: "ada@x" });
    await look(state("refused"));
    await submit({ address: person });
    await look(state("code"));
    await submit({ code: "00000", ...password });
    await look(state("wrong"));
    await submit({ code: await code(), ...password });
    if (kind !== "sign_in" && kind !== "phone") {
      await look(state("done")); // the others lead on at once
    }
  }

  await page.goto(`${url}/script/confirm_transaction/`);
  await look(`${language}-transaction-ask`);
  await submit({});
  await look(`${language}-transaction-code`);
  await submit({ code: await code() });
  await look(`${language}-transaction-done`);

  await page.goto(`${url}/script/reset_password/`);
  await submit({ address: `eve.${language}@example.com` });
  for (let tries = 0; tries < 5; tries++) {
    await submit({ code: wrong(await code()), password: "a moth in relay seventy" });
  }
  await look(`${language}-exhausted`);

  await page.goto(`${url}/script/sign_in/nowhere`);
  await look(`${language}-message`);
  await page.goto(`${url}/script/sign_in/`);
  await page.deleteCookie(...(await page.cookies()));
  await submit({ address: "ada@example.com" });
  await look(`${language}-cookies-blocked`);
  await page.deleteCookie(...(await page.cookies()));
  await page.goto(`${url}/script/sign_in/code#c=492013`);
  await look(`${language}-elsewhere`);
}
await browser.close();
process.exit();
