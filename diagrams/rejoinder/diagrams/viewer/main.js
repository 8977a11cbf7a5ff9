// The page: where it is, how it gets elsewhere, and what it shows there.
"use strict";

const by = (id) => document.getElementById(id);
const data = JSON.parse(by("trace").textContent);
const model = new Model(data);
const view = { current: 0, lane: "", filtered: model.filtered(""), timer: null, messages: [] };
const timeLine = new TimeLine(model, data.colours, (index) => go(index));
const pieces = { arrows: [], phases: [], ends: [] };
const numberOf = (index) => index + model.first;

for (const figure of document.querySelectorAll("figure")) {
  const kind = figure.dataset.machine;
  for (const group of figure.querySelectorAll(".arrow[data-source]")) {
    const { source, target, events } = group.dataset;
    const arrow = { group, kind, source, target, events: new Set(events.split(" ")) };
    pieces.arrows.push(arrow);
    const wide = group.querySelector("path").cloneNode();
    wide.setAttribute("class", "hit");
    group.append(wide);
    button(group, () => seek((step) => step.moves.some((move) => isAlong(arrow, move))));
  }
  for (const group of figure.querySelectorAll(".phase[data-phase]:not(.small)")) {
    const phase = { group, kind, name: group.dataset.phase };
    pieces.phases.push(phase);
    button(group, () => seek((step) => step.moves.some(([number, source, , target]) => model.machines[number].kind === kind && target === phase.name && source !== target)));
  }
  for (const group of figure.querySelectorAll(".phase.small")) {
    pieces.ends.push({ group, kind, source: group.dataset.beside, target: group.dataset.phase });
  }
}

function isAlong(arrow, [number, source, event, target]) {
  return model.machines[number].kind === arrow.kind && source === arrow.source && target === arrow.target && arrow.events.has(event);
}

function button(group, act) {
  // Its name is what can be read on it.
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "0");
  group.addEventListener("click", act);
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); act(); }
  });
}

// Go to the next step in the filter that is wanted, around the end; stay if there is none.
function seek(wanted) {
  const { filtered, current } = view;
  const behind = filtered.filter((index) => index > current).concat(filtered.filter((index) => index <= current));
  const found = behind.find((index) => wanted(model.steps[index]));
  if (found !== undefined) go(found);
}

const events = new LongList(by("events"), (row, index) => {
  const step = model.steps[index];
  row.setAttribute("role", "option");
  row.id = `step-${numberOf(index)}`;
  row.setAttribute("aria-setsize", view.filtered.length);
  row.setAttribute("aria-selected", index === view.current);
  row.classList.toggle("current", index === view.current);
  row.classList.toggle("quiet", step.effects.length === 0 && step.kind !== "Gap");
  row.append(piece("time", `${numberOf(index)}  ${seconds(step.at - timeLine.first)}`));
  for (const mark of step.marks) row.append(piece("badge", mark));
  row.append(step.text);
  row.title = step.text;
  row.addEventListener("click", () => go(index));
});

const messages = new LongList(by("messages"), (row, [index, line]) => {
  row.setAttribute("role", "listitem");
  row.classList.toggle("current", index === view.current);
  row.append(line.length === 2 ? remark(line) : message(line));
  row.addEventListener("click", () => go(index));
});

function message([from, to, text, answers, lost]) {
  const span = piece(Math.max(from, to) === 2 ? "right" : "", `${to < from ? (lost ? "✕ " : "◀ ") : ""}${text}${to > from ? (lost ? " ✕" : " ▶") : ""}`);
  span.classList.toggle("answer", answers);
  span.title = text;
  return span;
}

function remark([over, text]) {
  const span = piece("remark", text);
  span.classList.toggle("right", over === 2);
  return span;
}

function refilter() {
  view.filtered = model.filtered(view.lane);
  view.messages = view.filtered.flatMap((index) => model.steps[index].lines.map((line) => [index, line]));
  events.show(view.filtered);
  messages.show(view.messages);
}

function go(index) {
  if (!model.steps.length) return;
  view.current = Math.min(Math.max(index, 0), model.steps.length - 1);
  show();
  const hash = `#step=${numberOf(view.current)}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
}

// The place of the first of sorted items that is behind something; their number if none is.
function firstBehind(items, isBehind) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(items[middle])) high = middle; else low = middle + 1;
  }
  return low;
}

// The place in the filter: that of the current step, or of the last one before it.
const place = () => firstBehind(view.filtered, (index) => index > view.current) - 1;

function move(by_) {
  const { filtered, current } = view;
  if (!filtered.length) return;
  const here = place();
  const next = by_ > 0 ? here + 1 : filtered[here] === current ? here - 1 : here;
  go(filtered[Math.min(Math.max(next, 0), filtered.length - 1)]);
}

function show() {
  const index = view.current;
  const step = model.steps[index];
  const phases = model.after(index);
  by("number").value = by("slider").value = numberOf(index);
  by("what").textContent = `${numberOf(index)}. after ${seconds(step.at - timeLine.first)}: ${step.text}`;
  by("effects").replaceChildren(...(step.effects.length ? step.effects : [step.kind === "Gap" ? "what happened there is not known" : "nothing changes"]).map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  by("raw").textContent = step.raw;
  light(step, phases);
  by("phases").replaceChildren(...[...phases].map(([number, [phase, since]]) => living(model.machines[number], phase, since, step.at)));
  if (!phases.size) by("phases").append(Object.assign(document.createElement("li"), { textContent: "No machine is known here." }));
  const here = place();
  events.reveal(here);
  by("events").setAttribute("aria-activedescendant", view.filtered[here] === index ? `step-${numberOf(index)}` : "");
  messages.reveal(firstBehind(view.messages, ([of]) => of >= index));
  timeLine.set(index, view.lane);
}

function living(machine, phase, since, at) {
  const item = document.createElement("li");
  const chip = piece("chip", phase);
  const colours = data.colours[model.role(machine.kind, phase)];
  chip.style.background = colours.fill;
  chip.style.color = colours.text;
  item.append(`${machine.label} `, chip, since === null ? " (since when is not known)" : ` for ${seconds(at - since)}`);
  return item;
}

function light(step, phases) {
  const lit = new Map();
  for (const [number, [phase]] of phases) {
    const { kind, label, key } = model.machines[number];
    if (view.lane !== "" && kind !== "request" && key !== view.lane && key !== view.lane.split("/")[0]) continue;
    const name = `${kind} ${phase}`;
    lit.set(name, [...(lit.get(name) || []), label]);
  }
  for (const { group, kind, name } of pieces.phases) {
    const who = lit.get(`${kind} ${name}`);
    group.classList.toggle("lit", who !== undefined);
    group.classList.toggle("untaken", who === undefined);
    if (who === undefined) delete group.dataset.who; else group.dataset.who = who.join(" ");
  }
  let shown = null;
  for (const arrow of pieces.arrows) {
    const went = step.moves.some((each) => isAlong(arrow, each));
    arrow.group.classList.toggle("taken", went);
    arrow.group.classList.toggle("untaken", !went);
    if (went && shown === null) shown = arrow.group;
  }
  for (const { group, kind, source, target } of pieces.ends) {
    group.classList.toggle("untaken", !step.moves.some((each) => model.machines[each[0]].kind === kind && each[1] === source && each[3] === target));
  }
  if (shown !== null) follow(shown);
}

// Bring an arrow into sight, within its own frame.
function follow(group) {
  const frame = by("machines");
  const [own, all] = [group.getBoundingClientRect(), frame.getBoundingClientRect()];
  if (own.top < all.top || own.bottom > all.bottom) frame.scrollTop += own.top - all.top - (frame.clientHeight - own.height) / 2;
}

function play() {
  if (view.timer !== null) return pause();
  by("play").textContent = "Pause";
  tick();
  return undefined;
}

function pause() {
  clearTimeout(view.timer);
  view.timer = null;
  by("play").textContent = "Play";
}

// At the pace of what happened, but no quicker than eyes and no slower than patience.
function tick() {
  const here = place();
  if (here + 1 >= view.filtered.length) return pause();
  const wait = (model.steps[view.filtered[here + 1]].at - model.steps[view.current].at) * 1000;
  view.timer = setTimeout(() => { move(1); if (view.timer !== null) tick(); }, Math.min(1500, Math.max(60, wait)) / Number(by("pace").value));
  return undefined;
}

function fromAddress() {
  const found = /^#step=(\d+)$/.exec(location.hash);
  go(found ? Number(found[1]) - model.first : view.current);
}

const KEYS = {
  ArrowRight: () => move(1), ArrowLeft: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
  Home: () => go(view.filtered[0]), End: () => go(view.filtered[view.filtered.length - 1]), " ": play, m: () => seek((step) => step.marks.length > 0),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, summary, pre")) return;
  if (event.key === " " && event.target.closest("button, [role=button]")) return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});
by("first").addEventListener("click", KEYS.Home);
by("previous").addEventListener("click", KEYS.ArrowLeft);
by("play").addEventListener("click", play);
by("next").addEventListener("click", KEYS.ArrowRight);
by("last").addEventListener("click", KEYS.End);
by("mark").addEventListener("click", KEYS.m);
by("slider").addEventListener("input", (event) => go(Number(event.target.value) - model.first));
by("number").addEventListener("change", (event) => go(Number(event.target.value) - model.first));
by("lane").addEventListener("change", (event) => { view.lane = event.target.value; refilter(); show(); });
addEventListener("hashchange", fromAddress);

function lanes() {
  const known = new Set([...by("lane").options].map((option) => option.value));
  for (const { kind, key } of model.machines) {
    if (kind !== "request" && !known.has(key)) by("lane").append(new Option(key, key));
  }
}

function counts() {
  const last = numberOf(model.steps.length - 1);
  for (const input of [by("number"), by("slider")]) {
    input.min = model.first;
    input.max = last;
  }
  by("of").textContent = model.first === 1 ? `of ${last}` : `of ${model.first} to ${last}`;
}

by("about").textContent = data.about;
by("notice").textContent = data.notice;
by("time-legend").textContent = "▼ interruption, ✕ loss, ≈ a lane begins to drain, ▒ feeds are missing; hatched: it is being cleaned up. Widths are dwell times.";
lanes();
counts();
refilter();
if (model.steps.length) fromAddress(); else by("what").textContent = "Nothing has happened.";
