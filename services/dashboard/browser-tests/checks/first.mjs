// A stream whose first requests fail is asked for again, and the page says that it is not live until then.
import { ask, eventually, expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  await withBrowser({}, async (context) => {
    let tries = 0;
    let letThrough;
    const seen = new Promise((resolve) => { letThrough = resolve; });
    await context.route("**/strom/**", async (route) => {
      tries += 1;
      if (tries === 1) return route.abort("connectionreset");
      if (tries === 2) return route.fulfill({ status: 503, body: "" });
      await seen;
      return route.continue();
    });
    const page = await open(context, `${url}/sv/region/14`);
    await eventually("the banner", () => page.locator("#avbrott").isVisible());
    letThrough();
    const occupied = page.locator("#u-14-KIR11 td:nth-of-type(3)");
    const before = await occupied.textContent();
    await ask("update");
    await eventually("the update", async () => (await occupied.textContent()) !== before);
    expect(tries === 3, `the stream was asked for ${tries} times, not three times`);
    expect(!(await page.locator("#avbrott").isVisible()), "a live page says that it is not");
  });
}
