// Focus, and an open menu, through a thousand updates of the table.
import { ask, eventually, expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  await withBrowser({}, async (context) => {
    const page = await open(context, `${url}/sv/region/14`);
    await page.evaluate(() => {
      window.updates = 0;
      document.addEventListener("htmx:sse:after:message", () => { window.updates += 1; });
    });
    await page.locator("summary.tool").click();
    const link = page.locator("#u-14-KIR11 th a").first();
    await link.focus();
    const before = await page.locator("#u-14-KIR11 td:nth-of-type(3)").textContent();
    await ask("updates");
    await eventually("the last update", async () => (await page.locator("#u-14-KIR11 td:nth-of-type(3)").textContent()) !== before);
    expect((await page.evaluate(() => document.activeElement.closest("tr")?.id)) === "u-14-KIR11", "focus was lost");
    expect(await page.locator("#installningar").evaluate((details) => details.open), "the open menu was closed");
    const messages = await page.evaluate(() => window.updates);
    expect(messages > 100, `only ${messages} messages came`);
    await eventually("a new order is offered", () => page.locator("#sortera-om").isVisible());
    const first = await page.locator("tr.ward").first().getAttribute("id");
    await page.locator("#sortera-om").click();
    expect(!(await page.locator("#sortera-om").isVisible()), "the order is still offered after it was taken");
    expect(first !== null, "the table lost its rows");
    expect(page.complaints.length === 0, page.complaints.join("; "));
  });
}
