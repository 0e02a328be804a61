// Fingers on the roll: one moves it sideways, two stretch it as well. Up and down the page moves, as anywhere.

export function touched(stage, roll) {
  const down = new Map(); // where each finger is, in pixels from the left
  const x = (event) => event.clientX - stage.getBoundingClientRect().left;
  const hold = () => {
    const [a, b = a] = down.values();
    return { middle: (a + b) / 2, wide: Math.abs(a - b) };
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" && down.size < 2) down.set(event.pointerId, x(event));
  });
  stage.addEventListener("pointermove", (event) => {
    if (!roll.time || !down.has(event.pointerId)) return;
    const was = hold();
    down.set(event.pointerId, x(event));
    const now = hold();
    roll.scroll(was.middle - now.middle);
    if (down.size > 1) roll.zoom(Math.max(now.wide, 16) / Math.max(was.wide, 16), now.middle);
  });
  for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, ({ pointerId }) => down.delete(pointerId));
}
