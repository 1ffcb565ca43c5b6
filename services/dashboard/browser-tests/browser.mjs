// Starts a fresh Chromium and watches it: a console message, a policy report or a failed request is a failure.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Runs `work` with a browser context and closes everything afterwards. */
export async function withBrowser(options, work) {
  const profile = await mkdtemp(join(tmpdir(), "dashboard-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: FLAGS,
    locale: "sv-SE",
    timezoneId: "America/New_York", // The page must show Swedish time wherever the reader's computer thinks it is.
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  try {
    return await work(context);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** Opens a page whose complaints are collected in `page.complaints`. The tab's picture is none when the reader goes on before it has come. */
export async function open(context, url) {
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => page.complaints.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => page.complaints.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    const left = why === "net::ERR_ABORTED" && request.url().includes("/tillgang/icon.");
    if (!request.url().includes("/strom/") && !left) page.complaints.push(`request: ${request.url()} ${why}`);
  });
  await page.goto(url, { waitUntil: "load" });
  return page;
}

/** Fails with `message` unless `condition`. */
export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** Waits until `probe` gives something true; time is only a bound on waiting. */
export async function eventually(what, probe, within = 30_000) {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const answers = (async function* () {
  process.stdin.setEncoding("utf8");
  let rest = "";
  for await (const chunk of process.stdin) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    yield* lines;
  }
})();

/** Asks the test that started this check to do something, and waits until it has. */
export async function ask(what) {
  console.log(`ask: ${what}`);
  const { value } = await answers.next();
  if (value !== "done") throw new Error(`asked to ${what}, answered ${value}`);
}
