"use strict";
// One sound at a time; the picture is a button that plays and a play-head that moves.
for (const card of document.querySelectorAll(".card")) {
  const audio = card.querySelector("audio");
  const button = card.querySelector(".play");
  if (!audio || !button) continue;
  const head = button.querySelector(".head");
  const follow = () => {
    if (audio.duration > 0) head.style.left = (100 * audio.currentTime) / audio.duration + "%";
    if (!audio.paused) requestAnimationFrame(follow);
  };
  button.addEventListener("click", () => {
    if (audio.paused) { audio.currentTime = 0; audio.play().catch(() => {}); } else { audio.pause(); }
  });
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
    card.classList.add("playing");
    button.setAttribute("aria-pressed", "true");
    follow();
  });
  audio.addEventListener("pause", () => {
    card.classList.remove("playing");
    button.setAttribute("aria-pressed", "false");
  });
  button.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...document.querySelectorAll(".card .play")];
    const next = buttons[buttons.indexOf(button) + step];
    if (next) { event.preventDefault(); next.focus(); }
  });
}
