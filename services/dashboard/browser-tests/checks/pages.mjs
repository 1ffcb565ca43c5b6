// Every page in both themes, languages and widths: WCAG 2.2 AA by axe, no side scroll, nothing in the console.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { expect, open, withBrowser } from "../browser.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PUBLISHED = ["/vantetider", "/vantetider/region/14", "/vantetider/region/14/sjukhus/501010", "/kostnad", "/kostnad/region/14", "/datakvalitet", "/datakvalitet/region/14", "/vardforlopp", "/vardforlopp/region/14", "/drift", "/om", "/api"];
const PAGES = process.env.PUBLISHED ? PUBLISHED : ["", "/region/14", "/region/14/sjukhus/501010", "/region/14/avdelning/MED10", "/region/23", "/region/09", "/region/09/avdelning/MED10", "/region/14?lage=lediga&ordning=namn", "/region/14?q=finnsinte", "/region/14?vy=timme", "?vy=timme", "/region/14/avdelning/ORT12", "/region/07", "/uppmarksamma", "/uppmarksamma?region=14&mvo=241", "/definitioner", "?vy=vagg", "/region/14?vy=vagg", "/finns/inte"];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What sticks out to the right, outside of tables that scroll by themselves. */
const widest = (page) => page.evaluate(() => [...document.querySelectorAll("body *")]
  .filter((element) => !element.closest(".table-wrap > *, .vh") && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .slice(0, 4).map((element) => `${element.tagName}.${element.getAttribute("class")}#${element.id}`).join(" "));

export default async function (url) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 390, 320]) {
      await withBrowser({ colorScheme, viewport: { width, height: 900 } }, async (context) => {
        for (const language of ["sv", "en"]) {
          for (const path of PAGES) {
            const page = await open(context, `${url}/${language}${path}`);
            if (!process.env.PUBLISHED) await page.waitForFunction(() => !document.querySelector(".pulse")?.hidden);
            await page.evaluate(axe);
            const { violations } = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), TAGS);
            const where = `${language}${path} ${colorScheme} ${width}`;
            for (const violation of violations) {
              found.push(`${where}: ${violation.id}: ${violation.nodes.slice(0, 2).map((node) => `${node.target} ${node.failureSummary?.split("\n")[1] ?? ""}`).join(" | ")}`);
            }
            const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
            if (content > window) found.push(`${where}: scrolls sideways, ${content} px in ${window}: ${await widest(page)}`);
            const missing = page.complaints.filter((text) => !(path === "/finns/inte" && text.includes("404")));
            if (missing.length > 0) found.push(`${where}: ${missing.join("; ")}`);
            await page.close();
          }
        }
      });
    }
  }
  expect(found.length === 0, `${found.length} findings:\n${found.slice(0, 60).join("\n")}`);
}
