// The theme of the page, light or dark, as the course's figures ask for it.

const lcDark = matchMedia("(prefers-color-scheme: dark)");
const lcTheme = () => {
  const chosen = document.body.dataset.theme;
  const light = chosen === "light" || (chosen !== "dark" && !lcDark.matches);
  if (document.body.dataset.jpThemeLight !== String(light)) document.body.dataset.jpThemeLight = light;
};
new MutationObserver(lcTheme).observe(document.body, {attributes: true, attributeFilter: ["data-theme"]});
lcDark.addEventListener("change", lcTheme);
lcTheme();
for (const film of document.querySelectorAll(".lc-film")) lcPlayer(film, film.dataset.frames);

// What scrolls can be reached by keyboard; a fold is called what it shows.
for (const code of document.querySelectorAll("pre")) code.tabIndex = 0;
for (const fold of document.querySelectorAll("summary[aria-label]")) fold.removeAttribute("aria-label");
