// Wall, phone, print and keys. Pictures of them lie in the folder that PICTURES names.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  const folder = process.env.PICTURES;
  await mkdir(folder, { recursive: true });
  for (const [screen, lines] of [[1920, 1080], [3840, 2160]]) await withBrowser({ viewport: { width: screen, height: lines } }, async (context) => {
    for (const [name, path] of [["region", "/sv/region/14?vy=vagg"], ["sjukhus", "/sv/region/14/sjukhus/501010?vy=vagg"], ["sverige", "/sv?vy=vagg"], ["sweden", "/en?vy=vagg"]]) {
      const page = await open(context, url + path);
      await page.screenshot({ path: join(folder, `vagg-${name}-${lines}.png`) });
      const [height, width] = await page.evaluate(() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth]);
      expect(height <= lines && width <= screen, `${path}: the wall scrolls (${width} by ${height})`);
      const box = await page.locator("#kort").boundingBox();
      expect(box.y + box.height > 0.95 * lines && box.width > 0.95 * screen, `${path}: the cards use ${box.width} by ${box.y + box.height} of ${screen} by ${lines}`);
      const small = await page.evaluate((least) => {
        const found = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const element = node.parentElement;
          const box = element.getBoundingClientRect();
          if (!node.textContent.trim() || element.closest(".vh, .tools, [hidden], .skip, noscript, script") || box.width < 2) continue;
          if (getComputedStyle(element).visibility !== "hidden" && parseFloat(getComputedStyle(element).fontSize) < least) found.push(`${element.className}: ${node.textContent.trim().slice(0, 30)}`);
        }
        return found;
      }, lines / 45);
      expect(small.length === 0, `${path}: smaller than ${lines / 45} px: ${small.slice(0, 5).join("; ")}`);
      const cut = await page.evaluate(() => [...document.querySelectorAll(".wall-card, .wall-totals li")].filter((card) => card.scrollHeight > card.clientHeight + 1 || card.scrollWidth > card.clientWidth + 1).map((card) => card.textContent.trim()));
      expect(cut.length === 0, `${path}: cut off: ${cut.slice(0, 5).join("; ")}`);
      const outside = await page.evaluate(() => [...document.querySelectorAll(".wall-card > :not(.vh)")].filter((part) => {
        const [inner, outer] = [part.getBoundingClientRect(), part.parentElement.getBoundingClientRect()];
        return inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1 || inner.right > outer.right + 1;
      }).map((part) => part.textContent.trim()));
      expect(outside.length === 0, `${path}: sticks out of its card: ${outside.slice(0, 5).join("; ")}`);
      const dark = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
      expect(dark === "dark", `a wall is dark by default, not ${dark}`);
      await page.close();
    }
  });
  await withBrowser({}, async (context) => {
    const page = await open(context, `${url}/sv/region/14`);
    await page.emulateMedia({ media: "print" });
    for (const gone of [".top", ".find", ".crumbs"]) expect(!(await page.locator(gone).isVisible()), `${gone} is printed`);
    const foot = (await page.locator(".foot").innerText()).trim();
    expect(foot.length > 0 && !foot.includes("·"), `the print's foot says "${foot}"`);
    const head = (await page.locator(".print-only").allInnerTexts()).join(", ");
    expect(/^utskrivet .*, Läge 2026-11-22 05:14$/.test(head), `the print says "${head}"`);
    const ink = await page.evaluate(() => [...document.querySelectorAll("td.status")].map((cell) => getComputedStyle(cell).color));
    expect(new Set(ink).size <= 2, `a print in grey has ${new Set(ink).size} inks for statuses`);
    // A4 across: forty wards and their hospitals are one page.
    const pdf = await page.pdf({ path: join(folder, "utskrift.pdf"), preferCSSPageSize: true });
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g).length;
    const wards = await page.locator("tr.ward").count();
    expect(wards === 40 && pages === 1, `${wards} wards are ${pages} pages`);
    await page.setViewportSize({ width: 1047, height: 700 }); // As wide as the paper within its margins.
    const sums = await page.locator("#summor .tile").evaluateAll((tiles) => new Set(tiles.map((tile) => Math.round(tile.getBoundingClientRect().top))).size);
    expect(sums === 1, `the sums stand in ${sums} lines`);
    await page.screenshot({ path: join(folder, "utskrift.png"), fullPage: true });
    await page.emulateMedia({ media: "screen" });
    await page.setViewportSize({ width: 1440, height: 900 });

    await page.keyboard.press("/");
    expect((await page.evaluate(() => document.activeElement.id)) === "f-q", "/ does not go to the search");
    await page.keyboard.type("p");
    expect((await page.getAttribute("[data-do=pause]", "aria-pressed")) === "false", "typing p in a field pauses");
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("p");
    expect((await page.getAttribute("[data-do=pause]", "aria-pressed")) === "true", "p does not pause");
    await page.keyboard.press("?");
    expect(await page.locator("#hjalp").isVisible(), "? shows no help");
    await page.locator("input[name=tangenter]").uncheck();
    await page.keyboard.press("Escape");
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("p");
    expect((await page.getAttribute("[data-do=pause]", "aria-pressed")) === "true", "keys that are switched off still work");
    await page.reload();
    expect((await page.getAttribute("[data-do=pause]", "aria-pressed")) === "true", "the pause was not remembered");
    expect(page.complaints.length === 0, page.complaints.join("; "));
  });
  for (const colorScheme of ["light", "dark"]) {
    await withBrowser({ colorScheme, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, async (context) => {
      const page = await open(context, `${url}/sv/region/14`);
      await page.screenshot({ path: join(folder, `telefon-${colorScheme}.png`) });
      const ward = page.locator("tr.ward").first();
      const [row, free, call] = [await ward.boundingBox(), await ward.locator("td").first().boundingBox(), await ward.locator("a[href^='tel:']").filter({ visible: true }).boundingBox()];
      expect(row.y + row.height <= 844, `the first ward ends at ${row.y + row.height}, below the first screen`);
      for (const [name, box] of [["free beds", free], ["the telephone", call]]) expect(box.x >= 0 && box.x + box.width <= 390, `${name} is out of sight: ${box.x} to ${box.x + box.width}`);
      expect(call.height >= 44, `the telephone is ${call.height} px high`);
      await page.close();
    });
  }
  // A table is never wider than its card.
  for (const width of [1920, 1700, 1440, 1366, 1281, 1024, 768]) {
    await withBrowser({ viewport: { width, height: 900 } }, async (context) => {
      for (const path of ["/sv", "/sv/region/14", "/en/region/14?q=r", "/sv/region/14?vy=timme", "/sv/uppmarksamma"]) {
        const page = await open(context, url + path);
        const over = await page.evaluate(() => [...document.querySelectorAll("table.board")].map((table) => {
          const card = table.closest(".table-wrap, .card");
          return getComputedStyle(card).overflowX === "auto" ? 0 : table.getBoundingClientRect().right - card.getBoundingClientRect().right;
        }));
        expect(over.every((by) => by <= 1), `${path} at ${width} px: a table is ${over} px wider than its card`);
        await page.close();
      }
    });
  }
}
