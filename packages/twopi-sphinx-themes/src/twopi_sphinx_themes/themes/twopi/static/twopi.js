/* Loaded in the head, so that the colours are right before anything is drawn. The page
   works without any of this. */
"use strict";
(() => {
  const MODES = ["auto", "light", "dark"];
  const KEY = "twopi-sphinx-theme";
  const DARK = { auto: "(prefers-color-scheme: dark)", light: "not all", dark: "all" };
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is blocked
    }
  };

  const show = (mode) => {
    root.dataset.colorMode = mode;
    document.getElementById("pygments_dark_css")?.setAttribute("media", DARK[mode]);
  };

  const choose = (mode) => {
    show(mode);
    try {
      localStorage.setItem(KEY, mode);
    } catch {
      // it is forgotten with this page
    }
  };

  const offerModes = () => {
    const button = document.getElementById("color-mode");
    if (!button) return;
    const label = () => {
      const text = button.dataset.label + root.dataset.colorMode;
      button.setAttribute("aria-label", text);
      button.title = text;
    };
    button.addEventListener("click", () => {
      choose(MODES[(MODES.indexOf(root.dataset.colorMode) + 1) % MODES.length]);
      label();
    });
    addEventListener("storage", (event) => {
      if (event.key === KEY && MODES.includes(event.newValue)) {
        show(event.newValue);
        label();
      }
    });
    label();
    button.hidden = false;
  };

  /* What scrolls sideways can be scrolled with the keyboard. */
  const reachScrollers = () => {
    for (const box of document.querySelectorAll("pre, article table, div.math")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };

  /* Mark the section that is being read in the page's contents. */
  const followReader = () => {
    const links = new Map();
    for (const link of document.querySelectorAll(".page-contents a[href^='#']")) {
      const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (section) links.set(section, link);
    }
    const inView = new Set();
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) inView.add(target);
        else inView.delete(target);
      }
      const current = [...links.keys()].filter((section) => inView.has(section)).pop();
      for (const [section, link] of links) {
        if (section === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }, { rootMargin: "-20% 0px -70% 0px" });
    for (const section of links.keys()) observer.observe(section);
  };

  const mode = stored();
  show(MODES.includes(mode) ? mode : root.dataset.colorMode);
  addEventListener("DOMContentLoaded", () => {
    offerModes();
    reachScrollers();
    followReader();
    addEventListener("resize", reachScrollers);
  });
})();
