// Data stop under open pages: banner and the word live, without a reload; and pictures of it. SCREENSHOTS names their folder.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ask, eventually, expect, open, withBrowser } from "../browser.mjs";

const PAGES = { region: "/sv/region/14", avdelning: "/sv/region/14/avdelning/MED10", uppmarksamma: "/sv/uppmarksamma", country: "/en" };
const WALLS = { "vagg-region": "/sv/region/14?vy=vagg", "vagg-sverige": "/sv?vy=vagg" };

export default async function (url) {
  const folder = process.env.SCREENSHOTS ?? join(process.env.TMPDIR ?? "/tmp", `dashboard-stopped-${process.pid}`);
  await mkdir(folder, { recursive: true });
  await withBrowser({}, async (context) => {
    const pages = [];
    // Browsers allow six streams of HTTP/1.1.
    for (const path of [PAGES.region, PAGES.uppmarksamma, PAGES.country, WALLS["vagg-region"]]) pages.push(await open(context, url + path));
    // One whose figures come every half minute only.
    const slow = await open(context, url + PAGES.region);
    await slow.evaluate(() => localStorage.setItem("takt", "30"));
    await slow.reload();
    await slow.evaluate(() => localStorage.removeItem("takt"));
    pages.push(slow);
    const pulse = (page) => page.locator(".pulse").textContent();
    for (const page of pages) {
      await page.evaluate(() => { window.neverReloaded = true; });
      await eventually("live", async () => (await pulse(page)) === "live");
      expect(!(await page.locator("#stannat").isVisible()), `${page.url()}: the banner is there before anything has stopped`);
    }
    await ask("stop");
    for (const page of pages) {
      const english = page.url().includes("/en");
      await eventually(`${page.url()}: the banner`, () => page.locator("#stannat").isVisible(), 15_000);
      const text = await page.locator("#stannat").textContent();
      expect(text.includes(english ? "is not known" : "är inte känt"), `${page.url()} says "${text}"`);
      await eventually(`${page.url()}: not live`, async () => (await pulse(page)) === (english ? "standing still" : "står still"), 5_000);
    }
    for (const colorScheme of ["light", "dark"]) {
      for (const [width, height, shown] of [[1440, 900, PAGES], [320, 640, PAGES], [1920, 1080, WALLS]]) {
        await withBrowser({ colorScheme, viewport: { width, height } }, async (own) => {
          for (const [name, path] of Object.entries(shown)) {
            const page = await open(own, url + path);
            await eventually("not live", async () => (await pulse(page)) !== "live");
            await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`) });
            expect((await page.locator("#stannat").isVisible()) && (await page.locator("#stannat").boundingBox()).y < height, `${path}: the banner is out of sight`);
            expect(page.complaints.length === 0, `${path}: ${page.complaints.join("; ")}`);
            await page.close();
          }
        });
      }
    }
    await pages[0].emulateMedia({ media: "print" });
    expect(await pages[0].locator("#stannat").isVisible(), "a print does not say it");
    await pages[0].screenshot({ path: join(folder, "print.png") });
    await pages[0].emulateMedia({ media: "screen" });
    await ask("go on");
    for (const page of pages) {
      await eventually(`${page.url()}: the banner goes`, async () => !(await page.locator("#stannat").isVisible()), 40_000);
      await eventually(`${page.url()}: live`, async () => (await pulse(page)) === "live", 5_000);
      expect(await page.evaluate(() => window.neverReloaded === true), "the page was reloaded");
      expect(page.complaints.length === 0, page.complaints.join("; "));
    }
  });
  console.log(`pictures in ${folder}`);
}
