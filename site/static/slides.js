// Starts the slides when the formulas stand, and makes what is too high or too wide for its slide smaller.

const WIDTH = 1280, HEIGHT = 720;
function lcFit(slide) {
  if (!slide || slide.dataset.fitted) return;
  const parts = [...slide.querySelectorAll("*")].filter(part => !part.closest("svg, mjx-assistive-mml, aside"));
  const over = () => {
    const at = slide.getBoundingClientRect(), scale = Reveal.getScale();
    const boxes = parts.map(part => part.getBoundingClientRect()).filter(box => box.width);
    const low = Math.max(...boxes.map(box => box.bottom)), right = Math.max(...boxes.map(box => box.right));
    return low > at.top + (HEIGHT - 10) * scale || right > at.right + 1;
  };
  let size = 100;
  for (; over() && size > 40; size -= 4) slide.style.zoom = (size - 4) / 100;
  slide.dataset.fitted = size;
}
document.body.dataset.jpThemeLight = "true";
MathJax.startup.promise.then(async () => {
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0.03, center: false, hash: true, slideNumber: "c/t", transition: "none",
    plugins: [RevealNotes],
  });
  for (const film of document.querySelectorAll(".lc-film")) lcPlayer(film, film.dataset.frames);
  lcFit(Reveal.getCurrentSlide());
  Reveal.on("slidechanged", event => lcFit(event.currentSlide));
});
