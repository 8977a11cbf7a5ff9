// A session that is still under way: steps come from beside the page. Rule: whoever looks at the last step stays at the last.
"use strict";

function extend(more) {
  if (more.about !== undefined) by("about").textContent = more.about;
  if (more.notice !== undefined) by("notice").textContent = more.notice;
  if (!more.steps.length) return;
  const atEnd = view.current >= model.steps.length - 1;
  model.append(more);
  lanes();
  counts();
  refilter();
  timeLine.draw();
  go(atEnd ? model.steps.length - 1 : view.current);
}

if (data.live) {
  const source = new EventSource("events");
  source.addEventListener("message", (event) => {
    const more = JSON.parse(event.data);
    extend(more);
    if (more.end) source.close();
  });
  source.addEventListener("error", () => {
    source.close();
    by("notice").textContent = "The session is not followed any more: what served this page has ended.";
  });
}
