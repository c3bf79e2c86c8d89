// Browsers, all driven in one way: by keys, as a person without a mouse does.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import puppeteer from "puppeteer-core";
import { Builder, Capabilities, Key } from "selenium-webdriver";

const launches = {
  chromium: {
    browser: "chrome",
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  },
  firefox: {
    browser: "firefox",
    executablePath: ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find(existsSync),
  },
};

// open starts a browser. args are flags of Chromium beside the usual ones.
export async function open(name, ...args) {
  return name === "webkit" ? openWebKit() : openPuppeteer(launches[name], args);
}

async function openPuppeteer(launch, more) {
  const args = [...(launch.args ?? []), ...more];
  const browser = await puppeteer.launch({ headless: true, ...launch, args });
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) {
      console.error(`the browser complains: ${message.text()}`);
      process.exitCode = 1;
    }
  });
  const keys = { SelectAll: null, Enter: "Enter", Tab: "Tab" };

  return {
    page,
    version: await browser.version(),
    visit: (url) => page.goto(url),
    type: (text) => page.keyboard.type(text),
    async press(key) {
      if (key !== "SelectAll") {
        return page.keyboard.press(keys[key]);
      }
      await page.keyboard.down("Control");
      await page.keyboard.press("a");
      await page.keyboard.up("Control");
    },
    evaluate: (script) => page.evaluate(script),
    close: () => browser.close(),
  };
}

// openWebKit starts WebKitGTK on a display of its own.
async function openWebKit() {
  const port = await freePort();
  const driver = spawn(
    "xvfb-run",
    ["-a", "dbus-run-session", "--", "WebKitWebDriver", `--port=${port}`],
    {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
    },
  );
  const stop = () => {
    try {
      process.kill(-driver.pid);
    } catch {
      // It has ended.
    }
  };
  process.on("exit", stop);

  const binary = miniBrowser();
  const capabilities = new Capabilities({
    browserName: "MiniBrowser",
    "webkitgtk:browserOptions": { binary, args: ["--automation"] },
  });
  const session = await until(() =>
    new Builder()
      .usingServer(`http://127.0.0.1:${port}`)
      .withCapabilities(capabilities)
      .build()
      .catch(() => undefined),
  );

  const send = async (...keys) => (await session.switchTo().activeElement()).sendKeys(...keys);
  return {
    version: "WebKitGTK/" + (await session.getCapabilities()).get("browserVersion"),
    visit: (url) => session.get(url),
    type: (text) => send(text),
    press: (key) => (key === "SelectAll" ? send(Key.chord(Key.CONTROL, "a")) : send(Key[key.toUpperCase()])),
    evaluate: (script) => session.executeScript("return " + script),
    async close() {
      await session.quit();
      stop();
    },
  };
}

// miniBrowser finds the browser of WebKitGTK, which Debian puts where libraries are.
function miniBrowser() {
  const folders = readdirSync("/usr/lib").flatMap((machine) =>
    ["4.1", "4.0", "6.0"].map((api) => `/usr/lib/${machine}/webkit2gtk-${api}/MiniBrowser`),
  );
  return folders.find((path) => existsSync(path));
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const patience = 30_000; // milliseconds; nothing takes as long

// until calls check until it returns something, and fails where that takes far too long.
export async function until(check, what = "it") {
  const end = Date.now() + patience;
  for (;;) {
    const result = await check().catch(() => undefined);
    if (result) {
      return result;
    }
    if (Date.now() > end) {
      throw new Error(`waited for ${what} in vain`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// see waits for a text on the page.
export async function see(browser, text) {
  try {
    await until(
      () => browser.evaluate(`document.body.innerText.includes(${JSON.stringify(text)})`),
      JSON.stringify(text),
    );
  } catch (error) {
    const seen = await browser.evaluate("location.href + '\\n' + document.body.innerText");
    throw new Error(`${error.message}; seen: ${seen}`);
  }
}

// submit takes a step that leads to another page, and returns when that is there.
export const submit = (page, step) => Promise.all([page.waitForNavigation(), step()]);

// wrong returns another code.
export const wrong = (right) => ((Number(right[0]) + 1) % 10) + right.slice(1);

// tryAll makes all checks, by their names. What fails is printed, and ends the process with 1.
export async function tryAll(checks) {
  for (const [what, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      console.error(`${what}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

// faults returns what is wrong with a page in the shape it has now: what runs off it, and what
// axe-core finds against WCAG 2.2 A and AA and against good practice. That is all that Lighthouse
// scores in its category of accessibility, which runs axe-core with the same tags and four rules
// more.
export async function faults(page) {
  await page.evaluate(`if (!window.axe) {${axe}}`);
  const { violations } = await page.evaluate(() => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const more = [
      "identical-links-same-purpose",
      "label-content-name-mismatch",
      "table-fake-caption",
      "td-has-header",
    ];
    const rules = Object.fromEntries(more.map((name) => [name, { enabled: true }]));
    return axe.run({ runOnly: tags, rules, resultTypes: ["violations"] });
  });
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
  if (await page.evaluate("document.documentElement.scrollWidth > innerWidth")) {
    found.push("too wide");
  }
  return found;
}
