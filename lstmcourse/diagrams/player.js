// Plays frames that were computed in Python; it moves only when asked to.

export async function lcPlayer(host, packed) {
  const bytes = Uint8Array.from(atob(packed), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const all = JSON.parse(await new Response(stream).text());
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const shown = () => still.matches ? all.filter(f => f.key) : all;
  let at = 0, timer = null;
  const make = (tag, props, parent) => parent.appendChild(Object.assign(document.createElement(tag), props));
  const stage = make("div", {className: "lc-stage"}, host);
  const bar = make("div", {className: "lc-buttons"}, host);
  const button = (text, label, act) => {
    const b = make("button", {type: "button", textContent: text, onclick: act}, bar);
    b.setAttribute("aria-label", label);
    return b;
  };
  button("◀ previous", "previous stage", () => { stop(); jump(-1); });
  const play = button("▶ play", "play", () => timer ? stop() : start());
  button("next ▶", "next stage", () => { stop(); jump(1); });
  const slider = make("input", {type: "range", min: 0, max: shown().length - 1, value: 0}, bar);
  slider.setAttribute("aria-label", "frame of the animation");
  slider.oninput = () => { stop(); at = +slider.value; draw(); };
  const line = make("p", {className: "lc-says"}, host);
  line.setAttribute("aria-live", "polite");
  function draw() {
    const list = shown();
    at = Math.min(at, list.length - 1);
    slider.max = list.length - 1;
    slider.value = at;
    stage.innerHTML = list[at].svg;
    slider.setAttribute("aria-valuetext", list[at].says);
    if (line.textContent !== list[at].says) line.textContent = list[at].says;
  }
  function jump(by) {
    const list = shown();
    do { at = (at + by + list.length) % list.length; } while (!list[at].key);
    draw();
  }
  function tick() {
    const list = shown();
    at = (at + 1) % list.length;
    draw();
    timer = setTimeout(tick, 1000 * list[at].seconds);
  }
  function start() {
    play.textContent = "pause";
    play.setAttribute("aria-label", "pause");
    line.setAttribute("aria-live", "off");  // a film read out stage by stage would drown everything else
    timer = setTimeout(tick, 200);
  }
  function stop() {
    clearTimeout(timer);
    timer = null;
    play.textContent = "▶ play";
    play.setAttribute("aria-label", "play");
    line.setAttribute("aria-live", "polite");
  }
  still.addEventListener("change", () => { stop(); draw(); });
  draw();
  return {start, stop, still};
}
