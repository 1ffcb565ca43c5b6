// Pages of published figures: everything without script, the menu and the choices by keyboard, print in grey.
import { expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  await withBrowser({ javaScriptEnabled: false }, async (context) => {
    const page = await open(context, `${url}/sv/vantetider`);
    expect((await page.locator("svg.chart.run").count()) >= 18, "the charts are not on the page");
    await page.selectOption("#v-period", "2026-08");
    await page.selectOption("#v-ordning", "namn");
    await page.click("#val button.primary");
    expect(page.url().includes("period=2026-08") && page.url().includes("ordning=namn"), "the choice is not in the address");
    expect((await page.locator(".subheading").textContent()).includes("augusti 2026"), "another month is shown");
    await page.locator("a[hreflang=en]").first().click();
    expect(page.url().includes("/en/vantetider?period=2026-08&ordning=namn"), "the other language lost the choice");
    await page.locator(".menu a", { hasText: /^API$/ }).click();
    expect(page.url().endsWith("/en/api"), "the menu does not lead to the API's page");
    await page.locator("a[href='#fraga-units']").click();
    expect(await page.locator("#fraga-units").isVisible(), "the API's page needs a script");
    expect(page.complaints.length === 0, page.complaints.join("; "));
  });
  await withBrowser({}, async (context) => {
    const page = await open(context, `${url}/sv`);
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.textContent === "Väntetider")) break;
    }
    await page.keyboard.press("Enter");
    await page.waitForURL("**/sv/vantetider?period=*");
    expect((await page.locator(".menu [aria-current]").textContent()) === "Väntetider", "the menu does not say where one is");
    // The skip link leads to the first table, and no chart is without the table that it names.
    const lost = await page.evaluate(() => [...document.querySelectorAll("svg[aria-details]")]
      .map((svg) => svg.getAttribute("aria-details"))
      .filter((id) => !document.getElementById(id)));
    expect(lost.length === 0, `charts name tables that are not there: ${[...new Set(lost)]}`);
    await page.emulateMedia({ media: "print" });
    for (const gone of [".top", ".find", ".crumbs"]) expect(!(await page.locator(gone).first().isVisible()), `${gone} is printed`);
    expect(page.complaints.length === 0, page.complaints.join("; "));
  });
}
