// Keys for people who answer many requests. Every page works without this file.
(() => {
  const items = () => [...document.querySelectorAll("[data-item]")];

  function move(by) {
    const all = items();
    if (all.length === 0) return false;
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function focusOn(selector) {
    const element = document.querySelector(selector);
    if (element === null) return false;
    element.focus();
    element.scrollIntoView({ block: "center" });
    return true;
  }

  const typing = (element) =>
    element instanceof HTMLElement &&
    (element.isContentEditable ||
      /^(TEXTAREA|SELECT)$/.test(element.tagName) ||
      (element.tagName === "INPUT" && !/^(radio|checkbox|button|submit)$/.test(element.type)));

  let prefix = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const help = document.getElementById("keys");
    if (help?.open) return;
    if (prefix) {
      prefix = false;
      const link = [...document.querySelectorAll("nav a[data-go]")].find(
        ({ dataset }) => dataset.go === event.key,
      );
      if (link !== undefined) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    const handled = {
      j: () => move(1),
      k: () => move(-1),
      a: () => focusOn('[data-key="a"]'),
      d: () => focusOn('[data-key="d"]'),
      e: () => {
        const link = document.querySelector('a[data-key="e"]');
        link?.click();
        return link !== null;
      },
      n: () => {
        const link = document.querySelector('a[data-key="n"]');
        link?.click();
        return link !== null;
      },
      "/": () => focusOn("[data-search]"),
      g: () => {
        prefix = true;
        return true;
      },
      "?": () => {
        help?.showModal();
        return true;
      },
    }[event.key]?.();
    if (handled) event.preventDefault();
  });

  // Times as they are here, with the zone; without scripts they are UTC.
  const here = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const zoneAt = (at) => here.formatToParts(at).find(({ type }) => type === "timeZoneName").value;
  const show = (selector, textOf) => {
    for (const element of document.querySelectorAll(selector)) {
      const text = textOf(element);
      if (element.textContent !== text) element.textContent = text;
    }
  };
  const inLocalTime = () => {
    show("time[data-local]", ({ dateTime }) => here.format(new Date(dateTime)));
    show("time[data-clock]", ({ dateTime }) => clock.format(new Date(dateTime)));
    show("[data-zone]", ({ dataset }) => zoneAt(new Date(dataset.zone)));
  };
  // Which day it is depends on where the reader is: the link says so.
  for (const link of document.querySelectorAll("a[data-today]")) {
    const address = new URL(link.href);
    address.searchParams.set("zone", here.resolvedOptions().timeZone);
    link.href = address.href;
  }
  inLocalTime();
  new MutationObserver(inLocalTime).observe(document.documentElement, { childList: true, subtree: true });

  // The address follows what is searched for while somebody types, so that it can be kept and loaded again.
  document.addEventListener("input", ({ target }) => {
    if (!target.matches?.("[data-search][hx-get]")) return;
    const fields = [...new FormData(target.form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(fields).toString();
    history.replaceState(history.state, "", `${target.form.action}${query === "" ? "" : `?${query}`}`);
  });

  // What was opened stays open when its entry is replaced by a newer one.
  const opened = new Set();
  document.addEventListener(
    "toggle",
    ({ target }) => {
      const key = target.dataset?.keep;
      if (key === undefined || !target.isConnected) return;
      if (target.open) opened.add(key);
      else opened.delete(key);
    },
    true,
  );
  const timeline = document.getElementById("timeline");
  if (timeline !== null) {
    new MutationObserver(() => {
      for (const entry of timeline.querySelectorAll("details[data-keep]:not([open])")) {
        if (opened.has(entry.dataset.keep)) entry.open = true;
      }
    }).observe(timeline, { childList: true });
  }

  // A decision is sent once, however often the button is pressed.
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (form.method !== "post") return;
    if (form.dataset.sent === "1") {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    submitter?.setAttribute("aria-busy", "true");
  });
  // A page that comes back out of the browser's cache may send again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    }
  });
})();
