// node looks.mjs LANGUAGES URL: looks at each state of each page in Chromium, in the languages given
// ("en,ar"): no violation that axe knows, nothing that runs off a narrow page, and pictures below
// $PICTURES where that is set.
import { axe, open, see } from "./browser.mjs";

const [, , languages, url] = process.argv;
const browser = await open("chromium");
const { page } = browser;
const first = languages.split(",")[0] + "-";
const code = async () => (await fetch(`${url}/inbox`)).text();

const shapes = {
  plain: { width: 1024, height: 900 },
  narrow: { width: 320, height: 900 },
  zoomed: { width: 640, height: 900, deviceScaleFactor: 2 },
  dark: { width: 1024, height: 900 },
};

// look tries all shapes in the first language, and the narrow one in the others.
async function look(state) {
  await page.evaluate(axe);
  for (const [shape, viewport] of Object.entries(shapes)) {
    if (shape !== "narrow" && !state.startsWith(first)) {
      continue;
    }

    await page.setViewport(viewport);
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: shape === "dark" ? "dark" : "light" },
    ]);

    const wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
    const { violations } = await page.evaluate('axe.run({ resultTypes: ["violations"] })');
    if (wide || violations.length > 0) {
      const nodes = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
      console.error(`${state}, ${shape}: ${wide ? "too wide; " : ""}${nodes.join("\n")}`);
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

  await page.goto(`${url}/script/sign_in/nowhere`);
  await look(`${language}-message`);
  await page.deleteCookie(...(await page.cookies()));
  await page.goto(`${url}/script/sign_in/code#c=492013`);
  await look(`${language}-elsewhere`);
}
await browser.close();
process.exit();
