// Without script every page says everything; nothing that needs script is offered.
import { expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  await withBrowser({ javaScriptEnabled: false }, async (context) => {
    const page = await open(context, `${url}/sv/region/14`);
    expect((await page.locator("tr.ward").count()) > 30, "the wards are not on the page");
    expect(await page.locator("noscript p").isVisible(), "the page does not say that it stands still");
    for (const button of await page.locator(".needs-script").all()) expect(!(await button.isVisible()), "a control is offered that does nothing");
    await page.selectOption("#f-lage", "overbelagd");
    await page.click("#hitta button.primary");
    expect(page.url().includes("lage=overbelagd"), "the choice is not in the address");
    const words = new Set(await page.locator("tr.ward td.status .word").allTextContents());
    expect(words.size === 1 && words.has("Överbelagd"), `filtered rows say ${[...words]}`);
    await page.locator("summary.tool").click();
    await page.getByRole("button", { name: "Mörkt" }).click();
    expect((await page.locator("html").getAttribute("data-theme")) === "morkt", "the theme was not remembered");
    expect(page.url().includes("lage=overbelagd"), "choosing a theme lost the address");
    expect(page.complaints.length === 0, page.complaints.join("; "));
  });
}
