// Keeps keys away from JupyterLab; gives sliders and live lines what a screen reader needs.

const passes = e => e.ctrlKey || e.metaKey || e.altKey || e.key === "Escape" || (e.shiftKey && e.key === "Enter");
const guard = e => { if (!passes(e)) e.stopPropagation(); };
function name(root) {
  for (const slider of root.querySelectorAll(".widget-slider, .widget-hslider")) {
    const text = slider.querySelector(".widget-label")?.textContent;
    if (!text) continue;
    const readout = slider.querySelector(".widget-readout"), handle = slider.querySelector(".noUi-handle");
    handle?.setAttribute("aria-label", text);
    if (!readout) continue;
    readout.setAttribute("aria-label", text + ", value");
    handle?.setAttribute("aria-valuetext", readout.textContent);  // on a log scale it would be the exponent
  }
  const icons = {"fa-play": "play", "fa-pause": "pause", "fa-stop": "stop", "fa-retweet": "repeat"};
  for (const [icon, label] of Object.entries(icons))
    root.querySelectorAll("button:has(." + icon + ")").forEach(b => b.setAttribute("aria-label", label));
  for (const line of root.querySelectorAll(".lc-says .widget-html-content")) {
    line.setAttribute("role", "status");
    line.setAttribute("aria-live", "polite");
  }
}
function render({el}) {
  el.style.display = "none";
  const watch = new MutationObserver(() => root && name(root));
  const seen = {childList: true, subtree: true, attributes: true, attributeFilter: ["class"]};
  let root = null, area = null, tries = 0;
  const attach = () => {
    root = el.closest(".lc-widget");
    area = el.closest(".jp-OutputArea") || root;
    if (!area || (!root && tries++ < 200)) return requestAnimationFrame(attach);
    area.addEventListener("keydown", guard);
    if (root) { name(root); watch.observe(root, seen); root.dataset.guarded = "yes"; }
  };
  attach();
  return () => { watch.disconnect(); area?.removeEventListener("keydown", guard); };
}
export default {render};
