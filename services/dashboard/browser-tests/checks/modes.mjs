// Wall, print and keys.
import { expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  await withBrowser({ viewport: { width: 1920, height: 1080 } }, async (context) => {
    for (const path of ["/sv/region/14?vy=vagg", "/sv?vy=vagg"]) {
      const page = await open(context, url + path);
      const [height, width] = await page.evaluate(() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth]);
      expect(height <= 1080 && width <= 1920, `${path}: the wall scrolls (${width} by ${height})`);
      const small = await page.evaluate(() => {
        const found = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const element = node.parentElement;
          const box = element.getBoundingClientRect();
          if (!node.textContent.trim() || element.closest(".vh, .tools, [hidden], .skip, noscript, script") || box.width < 2) continue;
          if (getComputedStyle(element).visibility !== "hidden" && parseFloat(getComputedStyle(element).fontSize) < 24) found.push(`${element.className}: ${node.textContent.trim().slice(0, 30)}`);
        }
        return found;
      });
      expect(small.length === 0, `${path}: smaller than 24 px: ${small.slice(0, 5).join("; ")}`);
      const cut = await page.evaluate(() => [...document.querySelectorAll(".wall-card")].filter((card) => card.scrollHeight > card.clientHeight + 1 || card.scrollWidth > card.clientWidth + 1).map((card) => card.textContent.trim()));
      expect(cut.length === 0, `${path}: cut off: ${cut.slice(0, 5).join("; ")}`);
      const dark = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
      expect(dark === "dark", `a wall is dark by default, not ${dark}`);
      await page.close();
    }
  });
  await withBrowser({}, async (context) => {
    const page = await open(context, `${url}/sv/region/14`);
    await page.emulateMedia({ media: "print" });
    for (const gone of [".top", ".find", ".crumbs"]) expect(!(await page.locator(gone).isVisible()), `${gone} is printed`);
    const head = (await page.locator(".print-only").allInnerTexts()).join(", ");
    expect(/^utskrivet .*, Läge 2026-11-22 05:14$/.test(head), `the print says "${head}"`);
    const ink = await page.evaluate(() => [...document.querySelectorAll("td.status")].map((cell) => getComputedStyle(cell).color));
    expect(new Set(ink).size <= 2, `a print in grey has ${new Set(ink).size} inks for statuses`);
    await page.emulateMedia({ media: "screen" });

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
}
