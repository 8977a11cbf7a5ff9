// What is known at each step. Rule: a phase is known from the move that led to it, and from nothing else.
"use strict";

const EVERY = 250; // a snapshot for so many steps: going back costs at most so many moves
const GONE = { link: "closed", request: "ended" }; // told once, at the step that led there
const WITHOUT_SOCKET = new Set(["closed", "connecting", "reconnecting", "failed"]); // phases of a link that has no lanes

class Model {
  constructor(data) {
    this.first = data.first; // the number of the first step
    this.roles = data.roles;
    this.machines = [];
    this.steps = [];
    this.snapshots = [new Map()]; // before step 0, 250, 500 …
    this.segments = []; // of each machine: [phase, from, to or null, index of the step that led there]
    this.end = new Map(); // after the last step
    this.append(data);
  }

  append(data) {
    this.machines.push(...data.machines);
    while (this.segments.length < this.machines.length) this.segments.push([]);
    for (const step of data.steps) {
      const index = this.steps.push(step) - 1;
      this.advance(this.end, index, true);
      if ((index + 1) % EVERY === 0) this.snapshots.push(new Map(this.end));
    }
  }

  // The phases after a step: of each machine that is known, by its number, [phase, since when it is in it, or null].
  after(index) {
    const slot = Math.floor((index + 1) / EVERY);
    const phases = new Map(this.snapshots[slot]);
    for (let each = slot * EVERY; each <= index; each++) this.advance(phases, each, false);
    return phases;
  }

  advance(phases, index, keep) {
    const step = this.steps[index];
    this.leave(phases);
    if (step.kind === "Gap") {
      if (keep) for (const number of phases.keys()) this.close(number, step.at);
      phases.clear();
      return;
    }
    for (const [number, source, , target] of step.moves) {
      const known = phases.get(number);
      if (known === undefined || known[0] !== target || source !== target) {
        const since = source === target && known === undefined ? null : step.at;
        phases.set(number, [target, since]);
        if (keep) {
          this.close(number, step.at);
          if (since !== null && !(GONE[this.machines[number].kind] === target)) this.segments[number].push([target, step.at, null, index]);
        }
      }
      if (keep && this.machines[number].kind === "link" && WITHOUT_SOCKET.has(target)) {
        this.machines.forEach((machine, lane) => { if (machine.link === this.machines[number].key) this.close(lane, step.at); });
      }
    }
  }

  // What was at its end after the last step is not there any more; lanes go with their socket.
  leave(phases) {
    const dead = new Set();
    for (const [number, [phase]] of phases) {
      if (this.machines[number].kind === "link" && WITHOUT_SOCKET.has(phase)) dead.add(this.machines[number].key);
    }
    for (const [number, [phase]] of [...phases]) {
      const { kind, link } = this.machines[number];
      if (GONE[kind] === phase || dead.has(link)) phases.delete(number);
    }
  }

  close(number, at) {
    const last = this.segments[number][this.segments[number].length - 1];
    if (last !== undefined && last[2] === null) last[2] = at;
  }

  // The steps that a lane's filter leaves, in order.
  filtered(lane) {
    const indices = [];
    this.steps.forEach((step, index) => {
      if (lane === "" || step.kind === "Gap" || step.places.includes(lane)) indices.push(index);
    });
    return indices;
  }

  role(kind, phase) {
    return this.roles[kind][phase] || "resting";
  }
}

function seconds(value) {
  const size = Math.abs(value);
  return size < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(size < 100 ? 2 : 0)} s`;
}
