// What a coordinator comes for, each with its number of clicks: by mouse on a desk, by thumb on a phone, and by keyboard. At most three
// clicks (a choice in a list is one), and no answer is a dead end: there is always a number to call or a way on.
import { expect, open, withBrowser } from "../browser.mjs";

const CLICKS_MAX = 3;
const REGION = "/sv/region/14";

/** Reaches an element and presses it, as the reader does; each is a click. */
class Reader {
  constructor(page, keyboard, phone) {
    Object.assign(this, { page, keyboard, phone, clicks: 0 });
  }

  async press(selector) {
    this.clicks += 1;
    const element = this.page.locator(selector).filter({ visible: true }).first();
    if (!this.keyboard) return element.click();
    await this.reach(element);
    return this.page.keyboard.press("Enter");
  }

  /** With the keyboard everything has to be reached by Tab alone. */
  async reach(element) {
    const wanted = await element.elementHandle();
    for (let step = 0; step < 400; step += 1) {
      if (await wanted.evaluate((node) => document.activeElement === node)) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab never comes to ${await wanted.evaluate((node) => node.outerHTML.slice(0, 120))}`);
  }

  async choose(selector, value) {
    this.clicks += 1;
    if (this.keyboard) await this.reach(this.page.locator(selector));
    await this.page.selectOption(selector, value);
  }

  async write(selector, text) {
    if (this.keyboard) await this.page.keyboard.press("/");
    else await this.page.locator(selector).focus();
    await this.page.keyboard.type(text);
    this.clicks += 1;
    await Promise.all([this.page.waitForURL(/[?&]q=/), this.page.keyboard.press("Enter")]);
  }

  /** What a phone folds away costs it a click. */
  async more() {
    if (this.phone) await this.press("#fler-val summary");
  }

  async show() {
    await Promise.all([this.page.waitForURL(/\?/), this.press("#hitta button.primary")]);
  }
}

const visible = async (page, selector) => page.locator(selector).filter({ visible: true }).count();
const texts = (page, selector) => page.locator(selector).filter({ visible: true }).allTextContents();

/** Ten tasks: what is done, and what has to be on the page then. */
const TASKS = {
  "which wards can take a patient now": [1 + 1, async (reader) => {
    await reader.choose("#f-lage", "minst-1");
    await reader.show();
    const free = (await texts(reader.page, "tr.ward td:nth-of-type(1)")).map(Number);
    expect(free.length > 5 && free.every((count) => count > 0), `free beds: ${free}`);
  }],
  "the ward with most free beds": [2, async (reader) => {
    await reader.more();
    await reader.choose("#f-ordning", "lediga");
    await reader.show();
    const first = (await texts(reader.page, "tr.ward td:nth-of-type(1)"))[0];
    expect(Number(first) > 4, `the first ward has ${first}`);
  }],
  "a geriatric bed, by the word": [1, async (reader) => {
    await reader.write("#f-q", "geriatrik");
    expect((await visible(reader.page, "#u-14-GER13")) === 1, "the geriatric ward is not found");
    expect((await visible(reader.page, "tr.ward")) < 10, "the search leaves too much");
  }],
  "a bed of a speciality": [2, async (reader) => {
    await reader.more();
    await reader.choose("#f-mvo", { label: "Ortopedi" });
    await reader.show();
    const names = await texts(reader.page, "tr.ward th > a:first-child");
    expect(names.length > 2 && names.every((name) => name.startsWith("Ortopedi")), `${names}`);
  }],
  "whom to call of a ward": [0, async (reader) => {
    const calls = await reader.page.locator("#u-14-KIR45 a[href^='tel:']").filter({ visible: true }).count();
    expect(calls === 1, `${calls} numbers to call`);
  }],
  "where a patient can lie when the ward is full": [1, async (reader) => {
    await Promise.all([reader.page.waitForURL(/avdelning/), reader.press("#u-14-ORT12 th a")]);
    expect((await visible(reader.page, "#narmast tbody tr")) > 0, "no alternative is named");
    expect((await visible(reader.page, "#narmast a[href^='tel:']")) > 0, "no alternative can be called");
  }],
  "why beds are closed": [1, async (reader) => {
    await Promise.all([reader.page.waitForURL(/avdelning/), reader.press("#u-14-KIR45 th a")]);
    expect(/\d (personal|hygien|material|lokal)/.test(await reader.page.locator("#platser").innerText()), "no reason");
  }],
  "what changed in the last hour": [1, async (reader) => {
    await Promise.all([reader.page.waitForURL(/vy=timme/), reader.press("#hitta .actions a")]);
    expect((await visible(reader.page, "#rader tr")) > 1, "nothing changed");
    expect((await visible(reader.page, "#hitta a[href='/sv/region/14']")) === 1, "there is no way back");
  }],
  "what needs attention, and whom to call": [0, async (reader) => {
    expect((await visible(reader.page, "#uppmarksamma .what a")) > 3, "no cause");
    expect((await visible(reader.page, "#uppmarksamma a[href^='tel:']")) > 0, "nobody to call");
  }],
  "back from an answer of nothing": [2, async (reader) => {
    await reader.write("#f-q", "finnsinte");
    const empty = await reader.page.locator("td.empty").innerText();
    expect(empty.includes("Ingen avdelning passar filtret.") && !empty.includes("saknas"), empty);
    await Promise.all([reader.page.waitForURL(/region\/14$/), reader.press("td.empty a")]);
    expect((await visible(reader.page, "tr.ward")) > 30, "the wards are not back");
  }],
};

export default async function (url) {
  const failed = [];
  const ways = {
    desk: [{}, false, false],
    phone: [{ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, false, true],
    keyboard: [{}, true, false],
  };
  for (const [way, [options, keyboard, phone]] of Object.entries(ways)) {
    await withBrowser(options, async (context) => {
      for (const [task, [clicks, work]] of Object.entries(TASKS)) {
        const page = await open(context, url + REGION);
        const reader = new Reader(page, keyboard, phone);
        // On a phone what is folded away is one click more.
        const most = clicks + (phone && ["the ward with most free beds", "a bed of a speciality"].includes(task) ? 1 : 0);
        try {
          await work(reader);
          expect(reader.clicks === most && most <= CLICKS_MAX, `${reader.clicks} clicks, not ${most}`);
          expect((await visible(page, "main a")) > 0, "a dead end");
          expect(page.complaints.length === 0, page.complaints.join("; "));
        } catch (error) {
          failed.push(`${way}: ${task}: ${error.message}`);
        }
        await page.close();
      }
    });
  }
  expect(failed.length === 0, `${failed.length} tasks failed:\n${failed.join("\n")}`);
}
