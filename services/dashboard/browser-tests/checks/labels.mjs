// Every label of every chart is whole: inside its drawing, and beside no other on the same spot. Wide and on a phone, light and dark.
import { expect, open, withBrowser } from "../browser.mjs";

const PAGES = ["/sv/vantetider", "/sv/vantetider/region/14", "/sv/vantetider/region/21", "/sv/vantetider/region/14/sjukhus/501010", "/en/vantetider/region/14",
  "/sv/kostnad/region/14", "/sv/vardforlopp", "/sv/vardforlopp/region/14", "/en/vardforlopp/region/14"];

/** What is wrong with the labels of the page's charts, in words. */
function faults() {
  const apart = 0.5; // Neighbours may touch.
  const found = [];
  let labels = 0;
  for (const svg of document.querySelectorAll("svg.chart")) {
    const frame = svg.getBoundingClientRect();
    if (frame.width === 0) continue; // Folded away.
    const named = `${svg.getAttribute("class")} ${svg.getAttribute("aria-details")}`;
    const texts = [...svg.querySelectorAll("text")].map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }));
    labels += texts.length;
    texts.forEach(({ words, box }, index) => {
      if (box.left < frame.left - apart || box.right > frame.right + apart || box.top < frame.top - apart || box.bottom > frame.bottom + apart) found.push(`${named}: "${words}" is cut`);
      for (const other of texts.slice(index + 1)) {
        const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        // Boxes of text are higher than their letters.
        const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) - 0.3 * Math.min(box.height, other.box.height);
        if (wide > apart && high > apart) found.push(`${named}: "${words}" lies on "${other.words}"`);
      }
    });
  }
  return { found, labels };
}

export default async function (url) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      await withBrowser({ colorScheme, viewport: { width, height } }, async (context) => {
        for (const path of PAGES) {
          const page = await open(context, url + path);
          const { found, labels } = await page.evaluate(faults);
          expect(labels > 5, `${path} has only ${labels} labels`);
          expect(found.length === 0, `${path}, ${width} px, ${colorScheme}:\n${found.join("\n")}`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          expect(over <= 0, `${path} is ${over} px wider than ${width}`);
          expect(page.complaints.length === 0, `${path}: ${page.complaints.join("; ")}`);
          await page.close();
        }
      });
    }
  }
}
