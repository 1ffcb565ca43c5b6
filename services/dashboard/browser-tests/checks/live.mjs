// A real dashboard on a real Kafka, watched while patients come, while it is killed and started, and while paused.
import { ask, eventually, expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  const region = process.env.REGION;
  await withBrowser({}, async (context) => {
    const page = await open(context, `${url}/sv/region/${region}`);
    await page.evaluate(() => { window.neverReloaded = true; });
    const row = `#u-${region}-AVD1`;
    const occupied = async () => (await page.locator(`${row} td:nth-of-type(3)`).textContent().catch(() => ""))?.trim();
    const becomes = (value, within) => eventually(`${value} in the row`, async () => (await occupied()) === value, within);

    await becomes("2/4");
    await ask("admit");
    await becomes("3/4");

    // Focus stays where it is while the row under it changes.
    await page.locator(`${row} th a`).first().focus();
    await ask("admit");
    await becomes("4/4");
    expect((await page.evaluate(() => document.activeElement.closest("tr")?.id)) === `u-${region}-AVD1`, "focus was lost");
    expect((await page.locator(`${row} .status .word`).textContent()) === "Full", "the word did not follow");

    // Paused: nothing visible changes, whatever happens.
    await page.locator("[data-do=pause]").click();
    await ask("admit");
    await ask("wait-for 5");
    await page.waitForTimeout(2500);
    expect((await occupied()) === "4/4", "a paused page changed");
    expect(await page.locator("#pausad").isVisible(), "a paused page does not say so");
    await page.locator("[data-do=pause]").click();
    await becomes("5/4");

    // Killed: the page says so. Started again: the right numbers, without a reload.
    await ask("kill");
    await eventually("the banner", () => page.locator("#avbrott").isVisible());
    expect((await page.locator("#avbrott").textContent()).includes("Siffrorna uppdateras inte."), "the banner does not say what it means");
    await ask("admit");
    await ask("start");
    await becomes("6/4", 90_000);
    await eventually("the banner goes away", async () => !(await page.locator("#avbrott").isVisible()));
    expect(await page.evaluate(() => window.neverReloaded === true), "the page was reloaded");
    // The browser and htmx say on the console that the server was gone, which it was; anything else is a fault.
    const expected = ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_INCOMPLETE_CHUNKED_ENCODING", "htmx:sse:error", "503"];
    const complaints = page.complaints.filter((text) => !expected.some((part) => text.includes(part)));
    expect(complaints.length === 0, complaints.join("; "));
  });
}
