// Browsers, all driven in one way: by keys, as a person without a mouse does. They reach localhost,
// and all else through $PROXY where that is set.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import puppeteer from "puppeteer-core";
import { Builder, Capabilities, Key } from "selenium-webdriver";

const proxy = process.env.PROXY;

// launches tell how browsers are started that like it dark, or do not.
const launches = {
  chromium: (dark) => ({
    browser: "chrome",
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      `--blink-settings=preferredColorScheme=${dark ? 0 : 1}`,
      ...(proxy ? [`--proxy-server=${proxy}`, "--ignore-certificate-errors"] : []),
    ],
  }),
  firefox: (dark) => ({
    browser: "firefox",
    executablePath: ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find(existsSync),
    acceptInsecureCerts: true,
    extraPrefsFirefox: {
      "layout.css.prefers-color-scheme.content-override": dark ? 0 : 1,
      "network.proxy.type": proxy ? 1 : 0,
      "network.proxy.ssl": proxy?.split(":")[0] ?? "",
      "network.proxy.ssl_port": Number(proxy?.split(":")[1] ?? 0),
    },
  }),
};

// open starts a browser. flags are those of Chromium beside the usual ones.
export async function open(name, { dark = false, flags = [] } = {}) {
  return name === "webkit" ? openWebKit(dark) : openPuppeteer(launches[name](dark), flags);
}

async function openPuppeteer(launch, flags) {
  const args = [...(launch.args ?? []), ...flags];
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
    resize: (width, height) => page.setViewport({ width, height }),
    picture: () => page.screenshot({ fullPage: true, captureBeyondViewport: false }),
    forget: async () => page.deleteCookie(...(await page.cookies())),
    close: () => browser.close(),
  };
}

// zoom is that of WebKitGTK, whose window is never as narrow as a page has to be.
const zoom = 2;

// openWebKit starts WebKitGTK on a display of its own.
async function openWebKit(dark) {
  const port = await freePort();
  const driver = spawn(
    "xvfb-run",
    ["-a", "dbus-run-session", "--", "WebKitWebDriver", `--port=${port}`],
    {
      detached: true,
      stdio: "ignore",
      env: {
        ...process.env,
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
        GDK_DPI_SCALE: String(zoom),
        GTK_THEME: dark ? "Adwaita:dark" : "Adwaita",
      },
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
  // A proxy by capability would be asked in TLS.
  const args = ["--automation", `--proxy=http://${proxy}`, "--ignore-host=localhost"];
  const capabilities = new Capabilities({
    browserName: "MiniBrowser",
    acceptInsecureCerts: true,
    "webkitgtk:browserOptions": { binary, args },
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
    press: (key) =>
      send(key === "SelectAll" ? Key.chord(Key.CONTROL, "a") : Key[key.toUpperCase()]),
    evaluate: (script) => session.executeScript("return " + script),
    resize: (width, height) =>
      session.manage().window().setRect({ x: 0, y: 0, width: width * zoom, height: height * zoom }),
    picture: async () => Buffer.from(await session.takeScreenshot(), "base64"),
    forget: () => session.manage().deleteAllCookies(),
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

// stranger asks for a code for a person before that one does.
export async function stranger(site, address) {
  const first = await fetch(site);
  const cookie = first.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  await fetch(site, {
    method: "POST",
    headers: { cookie },
    body: new URLSearchParams({ email: address }),
    redirect: "manual",
  });
}

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

// all is what axe-core finds against WCAG 2.2 A and AA and against good practice: what Lighthouse
// scores in its category of accessibility, which has the same tags and four rules more.
const all = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: {
    "identical-links-same-purpose": { enabled: true },
    "label-content-name-mismatch": { enabled: true },
    "table-fake-caption": { enabled: true },
    "td-has-header": { enabled: true },
  },
  resultTypes: ["violations"],
};

// ofShape are the rules whose outcome depends on how wide, large or dark a page is.
const ofShape = {
  runOnly: ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"],
  resultTypes: ["violations"],
};

// faults returns what is wrong with a page in the shape it has now: what runs off it, and what
// axe-core finds. again says that the page was tried in another shape.
export async function faults(page, again = false) {
  await page.evaluate(`(() => { if (!window.axe) {${axe}} })()`);
  const found = await page.evaluate(
    `axe.run(${JSON.stringify(again ? ofShape : all)}).then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))`,
  );
  if (await page.evaluate("document.documentElement.scrollWidth > innerWidth")) {
    found.push("too wide");
  }
  return found;
}
