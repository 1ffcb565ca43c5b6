// Pictures of every page in both themes, languages and widths, for people to look at: SCREENSHOTS names the folder.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, open, withBrowser } from "../browser.mjs";

const PAGES = {
  sverige: "/sv",
  region: "/sv/region/14",
  sjukhus: "/sv/region/14/sjukhus/501010",
  avdelning: "/sv/region/14/avdelning/MED10",
  anmarkning: "/sv/region/14/avdelning/KIR11",
  uppmarksamma: "/sv/uppmarksamma",
  definitioner: "/sv/definitioner",
  definitions: "/en/definitioner",
  gammal: "/sv/region/23",
  tappad: "/sv/region/09",
  country: "/en",
  traffar: "/sv/region/14?lage=minst-1&ordning=lediga",
  inget: "/sv/region/14?q=finnsinte",
  full: "/sv/region/14/avdelning/ORT12",
  timme: "/sv/region/14?vy=timme",
};
const PUBLISHED = {
  vantetider: "/sv/vantetider",
  "vantetider-region": "/sv/vantetider/region/14",
  "vantetider-brott": "/sv/vantetider/region/21",
  "vantetider-sjukhus": "/sv/vantetider/region/14/sjukhus/501010",
  kostnad: "/sv/kostnad",
  "kostnad-region": "/sv/kostnad/region/14",
  datakvalitet: "/sv/datakvalitet",
  "datakvalitet-region": "/sv/datakvalitet/region/01",
  vardforlopp: "/sv/vardforlopp",
  "vardforlopp-region": "/sv/vardforlopp/region/14",
  drift: "/sv/drift",
  om: "/sv/om",
  "waiting-times": "/en/vantetider/region/14",
  pathway: "/en/vardforlopp/region/14",
  about: "/en/om",
};

export default async function (url) {
  const folder = process.env.SCREENSHOTS ?? join(process.env.TMPDIR ?? "/tmp", `dashboard-screenshots-${process.pid}`);
  await mkdir(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [[1440, 900], [320, 640]]) {
      await withBrowser({ colorScheme, viewport: { width, height } }, async (context) => {
        for (const [name, path] of Object.entries(process.env.PUBLISHED ? PUBLISHED : PAGES)) {
          const page = await open(context, url + path);
          await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: Boolean(process.env.WHOLE) });
          expect(page.complaints.length === 0, `${path}: ${page.complaints.join("; ")}`);
          await page.close();
        }
      });
    }
    if (process.env.PUBLISHED) continue;
    await withBrowser({ colorScheme, viewport: { width: 1920, height: 1080 } }, async (context) => {
      for (const [name, path] of [["vagg-region", "/sv/region/14?vy=vagg"], ["vagg-sverige", "/sv?vy=vagg"], ["vagg-sjukhus", "/sv/region/14/sjukhus/501010?vy=vagg"]]) {
        const page = await open(context, url + path);
        await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
        expect(page.complaints.length === 0, `${path}: ${page.complaints.join("; ")}`);
        await page.close();
      }
    });
  }
  console.log(`pictures in ${folder}`);
}
