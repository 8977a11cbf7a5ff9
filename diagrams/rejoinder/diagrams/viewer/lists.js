// Long lists of which only the part in sight is there. Rule: a row is filled with text, never with markup.
"use strict";

const ROW = 24;

class LongList {
  constructor(element, fill) {
    this.element = element;
    this.room = element.querySelector(".room");
    this.fill = fill;
    this.items = [];
    this.rows = new Map();
    this.waiting = false;
    element.addEventListener("scroll", () => this.later());
    new ResizeObserver(() => this.later()).observe(element);
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(false); });
  }

  show(items) {
    this.items = items;
    this.room.style.height = `${items.length * ROW}px`;
    this.draw(true);
  }

  // Bring an item into sight, and draw what is there.
  reveal(place) {
    const top = place * ROW;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop || top + ROW > scrollTop + clientHeight) this.element.scrollTop = Math.max(0, top - clientHeight / 2);
    this.draw(true);
  }

  draw(anew) {
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 5);
    const last = Math.min(this.items.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + 5);
    for (const [place, row] of this.rows) {
      if (anew || place < first || place >= last) {
        row.remove();
        this.rows.delete(place);
      }
    }
    for (let place = first; place < last; place++) {
      if (this.rows.has(place)) continue;
      const row = document.createElement("div");
      row.className = "row";
      row.style.top = `${place * ROW}px`;
      this.fill(row, this.items[place], place);
      this.rows.set(place, row);
      this.room.append(row);
    }
  }
}

function piece(kind, text) {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}
