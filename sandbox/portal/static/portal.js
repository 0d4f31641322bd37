// Shows what changes, counts down, and opens menus and tabs. Without it, every page still works.
"use strict";

// Live regions: the server names what has changed; the page is fetched anew, and the regions with
// such a topic take over what is different. What has the focus, or is being typed, stays.

const PAUSE = 250;
let source = null;
let changed = new Set();
let fetching = false;

const regions = () => [...document.querySelectorAll("[data-live]")];

function connect() {
  if (source || document.hidden) return;
  source = new EventSource("/events");
  source.onopen = () => {
    say("");
    // What has changed while nobody listened is not known.
    refresh(regions().flatMap((region) => region.dataset.live.split(" ")));
  };
  source.onmessage = (event) => refresh(JSON.parse(event.data));
  source.onerror = () => say("Not connected. The page updates again when the sandbox is back.");
}

function disconnect() {
  if (source) source.close();
  source = null;
}

function say(text) {
  document.getElementById("connection").textContent = text;
}

async function refresh(topics) {
  topics.forEach((topic) => changed.add(topic));
  if (fetching) return;
  fetching = true;
  try {
    while (concerned().length) {
      const ids = concerned().map((region) => region.id);
      changed = new Set();
      await take(ids);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  } finally {
    fetching = false;
  }
}

function concerned() {
  return regions().filter((region) => region.dataset.live.split(" ").some((topic) => changed.has(topic)));
}

async function take(ids) {
  let answer;
  try {
    answer = await fetch(location.href, { cache: "no-store" });
  } catch {
    return; // The event source says that the sandbox is gone.
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    if (old && now) morph(old, now);
  }
  count();
}

// Makes `old` equal to `now` with as few changes as possible: rows that stay are not touched.
function morph(old, now) {
  if (old.isEqualNode(now)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== now.nodeName || old.id !== now.id) {
    old.replaceWith(now);
    return;
  }
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...now.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, now);
}

function morphChildren(old, now) {
  const byId = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
  let place = old.firstChild;
  for (const wanted of [...now.childNodes]) {
    const same = byId.get(wanted.id) ?? (place && !place.id && place.nodeName === wanted.nodeName ? place : null);
    if (same && same === place) {
      place = place.nextSibling;
      morph(same, wanted);
    } else if (same) {
      old.insertBefore(same, place);
      morph(same, wanted);
    } else {
      old.insertBefore(wanted, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

// What changes by a clock of its own is told by nobody.
function refreshEvery(region) {
  setInterval(() => {
    if (source) refresh(region.dataset.live.split(" "));
  }, region.dataset.every * 1000);
}

// Countdowns

function count() {
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil((Date.parse(each.dataset.until) - Date.now()) / 1000));
    const text = left ? `in ${left >= 60 ? `${Math.floor(left / 60)} min ` : ""}${left % 60} s` : "now";
    if (each.textContent !== text) each.textContent = text;
  }
}

// The menu: arrow keys, Home, End and Escape, as in any menu.

function menuOf(button) {
  const menu = document.getElementById(button.getAttribute("aria-controls"));
  const items = () => [...menu.querySelectorAll('[role="menuitem"]')];
  const isOpen = () => !menu.hidden;
  const open = (number) => {
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items().at(number)?.focus();
  };
  const close = (focus) => {
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
  };
  button.addEventListener("click", () => (isOpen() ? close(true) : open(0)));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      open(event.key === "ArrowDown" ? 0 : -1);
    }
  });
  menu.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length].focus();
    else if (event.key === "Escape") close(true);
    else if (event.key === " ") document.activeElement.click();
    else return;
    event.preventDefault();
  });
  menu.addEventListener("click", (event) => {
    if (event.target.getAttribute("aria-disabled") === "true") event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    if (isOpen() && !menu.contains(event.target) && event.target !== button) close(false);
  });
  document.addEventListener("click", (event) => {
    if (isOpen() && !menu.contains(event.target) && !button.contains(event.target)) close(false);
  });
}

// Tabs: one is shown, arrow keys choose, and the address names it.

function tabsOf(list) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const choose = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    history.replaceState(null, "", chosen.href);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) {
      if (event.key !== " ") return;
      choose(tabs[at]);
    } else {
      const next = tabs[(to + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    }
    event.preventDefault();
  });
}

// A form is sent once, also by a double click.

let sent = new WeakSet();
document.addEventListener("submit", (event) => {
  if (sent.has(event.target)) event.preventDefault();
  sent.add(event.target);
});

document.querySelectorAll('[aria-haspopup="menu"]').forEach(menuOf);
document.querySelectorAll('[role="tablist"]').forEach(tabsOf);
document.querySelectorAll("[data-every]").forEach(refreshEvery);
count();
setInterval(count, 500);
// A browser has few connections to one place, and each open page takes one of them.
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
window.addEventListener("pagehide", disconnect);
window.addEventListener("pageshow", () => {
  // Somebody who comes back may send it again.
  sent = new WeakSet();
  connect();
});
