// The store goes away under open pages: the banner comes and goes without a reload, also in print; and pictures of it. SCREENSHOTS
// names their folder.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ask, eventually, expect, open, withBrowser } from "../browser.mjs";

const LIVE = { region: "/sv/region/14", avdelning: "/sv/region/14/avdelning/MED10", uppmarksamma: "/en/uppmarksamma", vagg: "/sv/region/14?vy=vagg" };
const READ = { vantetider: "/sv/vantetider", drift: "/sv/drift", operations: "/en/drift" };

export default async function (url) {
  const folder = process.env.SCREENSHOTS ?? join(process.env.TMPDIR ?? "/tmp", `dashboard-away-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const banner = (page) => page.locator("#lagret-borta");
  await withBrowser({}, async (context) => {
    const pages = [];
    for (const path of Object.values(LIVE)) pages.push(await open(context, url + path));
    for (const page of pages) {
      await page.evaluate(() => { window.neverReloaded = true; });
      expect(!(await banner(page).isVisible()), `${page.url()}: the banner is there while the store answers`);
    }
    await ask("away");
    for (const page of pages) {
      await eventually(`${page.url()}: the banner`, () => banner(page).isVisible(), 15_000);
      expect((await banner(page).textContent()).includes(page.url().includes("/en") ? "since" : "sedan"), "it does not say since when");
    }
    for (const [width, height] of [[1440, 900], [320, 640]]) {
      await withBrowser({ viewport: { width, height } }, async (own) => {
        for (const [name, path] of Object.entries({ ...LIVE, ...READ })) {
          const page = await open(own, url + path);
          expect(await banner(page).isVisible(), `${path} does not say it`);
          await page.screenshot({ path: join(folder, `${name}-${width}.png`), fullPage: width === 1440 && Object.values(READ).includes(path) });
          expect(page.complaints.length === 0, `${path}: ${page.complaints.join("; ")}`);
          await page.close();
        }
      });
    }
    await pages[0].emulateMedia({ media: "print" });
    expect(await banner(pages[0]).isVisible(), "a print does not say it");
    await pages[0].emulateMedia({ media: "screen" });
    await ask("back");
    for (const page of pages) {
      await eventually(`${page.url()}: the banner goes`, async () => !(await banner(page).isVisible()), 15_000);
      expect(await page.evaluate(() => window.neverReloaded === true), "the page was reloaded");
      expect(page.complaints.length === 0, page.complaints.join("; "));
    }
  });
  console.log(`pictures in ${folder}`);
}
