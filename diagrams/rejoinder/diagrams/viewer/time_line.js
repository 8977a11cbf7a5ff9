// The time-line: a row for each link and lane, dwell times to scale. Rule: what is not known is not drawn.
"use strict";

const BAND = 18;
const WIDEST = 16000;
const MARKS = { interruption: "▼", loss: "✕", drain: "≈", gap: "▒" };

class TimeLine {
  constructor(model, colours, go) {
    this.model = model;
    this.colours = colours;
    this.go = go;
    this.holder = document.getElementById("time-line");
    this.canvas = document.getElementById("time-canvas");
    this.cursor = document.getElementById("cursor");
    this.names = document.getElementById("row-names");
    this.zoom = 1;
    this.current = 0;
    this.lane = "";
    this.width = 100;
    this.canvas.addEventListener("click", (event) => this.clicked(event));
    document.getElementById("wider").addEventListener("click", () => this.scale(2));
    document.getElementById("narrower").addEventListener("click", () => this.scale(0.5));
    new ResizeObserver(() => this.draw()).observe(this.holder);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  scale(factor) {
    this.zoom = Math.min(64, Math.max(1, this.zoom * factor));
    this.draw();
    this.follow();
  }

  get first() { return this.model.steps.length ? this.model.steps[0].at : 0; }
  get length() { return this.model.steps.length ? Math.max(1e-9, this.model.steps[this.model.steps.length - 1].at - this.first) : 1; }
  x(at) { return 4 + ((at - this.first) / this.length) * (this.width - 8); }

  shown() {
    return this.model.machines
      .map((machine, number) => [machine, number])
      .filter(([machine]) => machine.kind !== "request" && (this.lane === "" || machine.key === this.lane || machine.key === this.lane.split("/")[0]));
  }

  draw() {
    const rows = this.shown();
    const height = BAND * (rows.length + 1);
    this.width = Math.min(WIDEST, Math.max(100, this.holder.clientWidth * this.zoom));
    const sharp = this.width * devicePixelRatio <= WIDEST ? devicePixelRatio : 1;
    this.canvas.width = this.width * sharp;
    this.canvas.height = height * sharp;
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${height}px`;
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(document.body);
    this.text = style.color;
    pen.scale(sharp, sharp);
    pen.font = "11px Helvetica, Arial, sans-serif";
    pen.textBaseline = "middle";
    this.marks(pen);
    rows.forEach(([machine, number], row) => this.band(pen, machine, number, BAND * (row + 1)));
    this.names.replaceChildren(...rows.map(([machine]) => piece("", machine.label)).map((name) => { const div = document.createElement("div"); div.append(name); return div; }));
    this.point();
  }

  marks(pen) {
    pen.fillStyle = this.text;
    let last = -99;
    for (const step of this.model.steps) {
      if (!step.marks.length || (this.lane !== "" && step.kind !== "Gap" && !step.places.includes(this.lane))) continue;
      const at = this.x(step.at);
      if (at - last < 7) continue;
      last = at;
      pen.fillText(MARKS[step.marks[0]], at - 4, BAND / 2);
    }
  }

  band(pen, machine, number, y) {
    for (const [phase, from, to] of this.model.segments[number]) {
      const start = this.x(from);
      const size = Math.max(1, this.x(to === null ? this.first + this.length : to) - start);
      const role = this.model.role(machine.kind, phase);
      if (machine.kind === "response" && phase === "idle") continue;
      pen.fillStyle = this.colours[role].fill;
      pen.fillRect(start, y + 2, size, BAND - 4);
      if (role === "cleaning") this.hatch(pen, start, y, size);
      if (pen.measureText(phase).width + 6 < size) {
        pen.fillStyle = this.colours[role].fill;
        if (role === "cleaning") pen.fillRect(start + 1, y + 2, pen.measureText(phase).width + 5, BAND - 4);
        pen.fillStyle = this.colours[role].text;
        pen.fillText(phase, start + 3, y + BAND / 2);
      }
    }
  }

  hatch(pen, x, y, size) {
    pen.save();
    pen.beginPath();
    pen.rect(x, y + 2, size, BAND - 4);
    pen.clip();
    pen.strokeStyle = "rgba(255, 255, 255, 0.6)";
    pen.beginPath();
    for (let at = x - BAND; at < x + size; at += 6) { pen.moveTo(at, y + BAND); pen.lineTo(at + BAND, y); }
    pen.stroke();
    pen.restore();
  }

  // The line at the current step lies above the canvas, so that a step draws nothing anew.
  point() {
    const step = this.model.steps[this.current];
    this.cursor.hidden = step === undefined;
    if (step !== undefined) this.cursor.style.left = `${this.x(step.at) - 1}px`;
  }

  follow() {
    const step = this.model.steps[this.current];
    if (step === undefined) return;
    const at = this.x(step.at);
    if (at < this.holder.scrollLeft || at > this.holder.scrollLeft + this.holder.clientWidth) this.holder.scrollLeft = at - this.holder.clientWidth / 2;
  }

  set(index, lane) {
    this.current = index;
    if (this.lane !== lane) {
      this.lane = lane;
      this.draw();
    }
    this.point();
    this.follow();
  }

  // The step that is nearest to where somebody clicked.
  clicked(event) {
    const at = this.first + ((event.offsetX - 4) / (this.width - 8)) * this.length;
    let best = 0;
    this.model.steps.forEach((step, index) => {
      if (Math.abs(step.at - at) < Math.abs(this.model.steps[best].at - at)) best = index;
    });
    this.go(best);
  }
}
