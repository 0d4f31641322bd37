// Looks at a page as it is shown. The tests put it into every page that they open.
"use strict";

window.looking = (() => {
  const all = (selector) => [...document.body.querySelectorAll(selector)];
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });

  function what(element) {
    const { localName, id, name = "", innerText } = element;
    return `${localName} ${id || innerText.trim() || name}`.trim();
  }

  function channels(colour) {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  }

  function over(above, below) {
    const mixed = (name) => above[name] * above.a + below[name] * (1 - above.a);
    return { r: mixed("r"), g: mixed("g"), b: mixed("b"), a: 1 };
  }

  // The colour of what lies below an element's text.
  function ground(element) {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      layers.push(channels(getComputedStyle(each).backgroundColor));
      if (layers.at(-1).a === 1) break;
    }
    return layers.reverse().reduce((below, above) => over(above, below));
  }

  // As WCAG 2.2 defines relative luminance.
  function luminance({ r, g, b }) {
    const [red, green, blue] = [r, g, b].map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrast(colour, below) {
    const both = [luminance(over(channels(colour), below)), luminance(below)];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  }

  // All text that is shown, each with its contrast to what lies below it.
  function contrasts() {
    const found = [];
    const add = (element, text, pseudo) => {
      if (!text || !isSeen(element)) return;
      const ratio = contrast(getComputedStyle(element, pseudo).color, ground(element));
      found.push({ text: text.slice(0, 40), ratio: Math.round(ratio * 100) / 100 });
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      add(node.parentElement, node.data.trim());
    }
    for (const element of all("input, textarea")) {
      add(element, element.value);
      add(element, element.placeholder, "::placeholder");
    }
    for (const element of all("*")) {
      for (const pseudo of ["::before", "::after"]) {
        const { content } = getComputedStyle(element, pseudo);
        if (content.includes('"')) add(element, content.replaceAll('"', ""), pseudo);
      }
    }
    return found;
  }

  // What is not wholly between the left and the right edge of the screen.
  function stickingOut() {
    const width = document.documentElement.clientWidth;
    const found = all("*").filter((element) => {
      const box = element.getBoundingClientRect();
      // To the left of the screen lies what only a screen reader has.
      const isShown = isSeen(element) && box.width && box.right > 0;
      return isShown && (box.right > width + 0.5 || box.left < -0.5);
    });
    if (document.documentElement.scrollWidth > width) found.push(document.body);
    return found.map(what);
  }

  // Every control that Tab should reach, in the order of the document.
  function focusable() {
    return all("a[href], button, input, select, textarea, [tabindex]")
      .filter((element) => isSeen(element) && element.tabIndex >= 0 && !element.disabled)
      .map(what);
  }

  // From now on, everything that gets the focus: where it is, and how wide the ring is that shows it.
  function follow() {
    const followed = [];
    document.addEventListener("focusin", ({ target }) => followed.push(focused(target)));
    looking.followed = followed;
  }

  function focused(element) {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const { outlineColor, outlineStyle, outlineWidth } = getComputedStyle(element);
    const isClear = contrast(outlineColor, ground(element.parentElement)) >= 3;
    const ring = outlineStyle === "none" || !isClear ? 0 : parseFloat(outlineWidth);
    let down = 0;
    for (let each = element.parentElement; each; each = each.parentElement) down += each.scrollTop;
    return { what: what(element), ring, left, right, top: top + down, bottom: bottom + down };
  }

  // What has no name for somebody who does not see it.
  function nameless() {
    const isNamed = (element) =>
      element.ariaLabel ||
      document.getElementById(element.getAttribute("aria-labelledby"))?.innerText.trim() ||
      [...(element.labels ?? [])].some((label) => label.innerText.trim()) ||
      (element.matches("a, button, th") && element.innerText.trim());
    return all("a, button, input, select, textarea, th, nav, [role=menu], [role=group], [role=tablist]")
      .filter((element) => isSeen(element) && element.type !== "hidden" && !isNamed(element))
      .map(what);
  }

  // Until the page hears of changes.
  async function listening() {
    while (source?.readyState !== EventSource.OPEN) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const headings = () => all("h1, h2, h3, h4, h5, h6").map(({ localName }) => Number(localName[1]));
  const ids = () => all("[id]").map(({ id }) => id);
  return { contrasts, stickingOut, focusable, follow, nameless, headings, ids, listening };
})();
