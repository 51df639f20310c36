// Appended to player.js: the widget that plays its frames.

export default {
  render({ model, el }) {
    el.classList.add("lc-player");
    lcPlayer(el, model.get("packed"));
  },
};
