// The stream comes compressed, and the browser hands on each message when it comes, from whichever it joins.
import { ask, eventually, expect, open, withBrowser } from "../browser.mjs";

export default async function (url) {
  await withBrowser({}, async (context) => {
    const coding = [];
    context.on("response", (answer) => {
      if (answer.url().includes("/strom/")) coding.push(answer.headers()["content-encoding"]);
    });
    const page = await open(context, `${url}/sv/region/14`);
    const listen = () => page.evaluate(() => {
      const source = new EventSource("/strom/sv/region/14");
      const heard = { pulses: 0, messages: [] };
      source.addEventListener("puls", () => { heard.pulses += 1; });
      source.onmessage = ({ data }) => heard.messages.push(data.length);
      (window.heard ??= []).push(heard);
    });
    const messages = (reader) => page.evaluate((index) => window.heard[index].messages.length, reader);
    await listen();
    await eventually("everything, at first", async () => (await messages(0)) === 1);
    const occupied = page.locator("#u-14-KIR11 td:nth-of-type(3)");
    const before = await occupied.textContent();
    for (let update = 1; update <= 5; update += 1) {
      await ask("update");
      await eventually(`message ${update}`, async () => (await messages(0)) === 1 + update, 3_000);
    }
    await eventually("the page's own stream", async () => (await occupied.textContent()) !== before);
    await listen();
    await eventually("everything, to one that joins later", async () => (await messages(1)) === 1);
    await ask("update");
    await eventually("a message to both", async () => (await messages(1)) === 2 && (await messages(0)) === 7, 3_000);
    const [first] = await page.evaluate(() => window.heard);
    expect(first.pulses >= 7 && first.messages[0] > 3 * first.messages[1], `heard ${JSON.stringify(first)}`);
    expect(coding.length >= 3 && coding.every((name) => name === "gzip"), `streams came as ${coding}`);
    expect(page.complaints.length === 0, page.complaints.join("; "));
  });
}
