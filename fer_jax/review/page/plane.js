// A map of all faces. Points are written into the pixels of a bitmap, which takes some
// milliseconds for 300,000, so that it is drawn anew at every turn of the wheel.

const EDGE = 65535; // places are 0 to EDGE along both axes
const NEAR = 14; // pixels between the mouse and a point that is meant

class Plane {
  constructor(state) {
    this.state = state;
    this.view = {x: 0, y: 0, size: 1}; // the part of the map in sight, in shares of it
    this.by = el('select', {id: 'by', onchange: () => this.draw()}, [['given', 'given label'], ['suggested', 'suggested label'], ['right', 'chance right']]
      .map(([value, text]) => el('option', {value}, text)));
    this.drag = el('select', {id: 'drag', 'aria-label': 'What dragging does'}, ['lasso', 'move'].map((name) => el('option', {}, name)));
    this.canvas = el('canvas', {id: 'map', role: 'img', tabindex: 0, 'aria-label': 'Map of all faces. The filters choose labels without it.'});
    this.over = el('canvas', {class: 'over', 'aria-hidden': 'true'});
    this.legend = el('ul', {class: 'legend'});
    this.tip = el('div', {class: 'tip', hidden: true});
    const zoom = (by) => () => this.zoom(by, 0.5, 0.5);
    this.space = el('div', {class: 'space'}, this.canvas, this.over, this.tip);
    this.wait = el('p', {class: 'none'});
    this.node = el('section', {id: 'plane'}, el('h2', {}, 'All faces'),
      el('p', {}, 'Faces that the network finds alike lie together. Drag around some to choose them; turn the wheel to come nearer.'),
      this.wait, this.body = el('div', {class: 'panel', hidden: true},
        el('div', {class: 'bar'}, el('label', {class: 'small'}, 'Colour ', this.by), el('label', {class: 'small'}, 'Dragging ', this.drag),
          el('button', {type: 'button', 'aria-label': 'Nearer', onclick: zoom(0.5)}, '+'), el('button', {type: 'button', 'aria-label': 'Further', onclick: zoom(2)}, '−'),
          el('button', {type: 'button', onclick: () => { this.view = {x: 0, y: 0, size: 1}; this.draw(); }}, 'Whole map')),
        this.legend, this.space));
    this.listen();
    state.on('news', (news) => this.heard(news));
    state.on('blind', () => this.colours());
    state.on('chosen', () => this.outline());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    this.heard(state.news);
    this.colours();
  }

  async heard(news) {
    this.wait.hidden = Boolean(this.data);
    this.wait.textContent = news.ready ? 'Asking for the map …' : `The map is not there yet: ${news.learner}.`;
    if (!news.ready || this.asked === news.ranking) return;
    this.asked = news.ranking;
    this.data = this.state.plane = await unpack(await this.state.service.ask('map'));
    this.wait.hidden = true;
    this.body.hidden = false;
    this.draw();
  }

  colours() {
    for (const option of this.by.options) option.disabled = this.state.blind && option.value !== 'given';
    if (this.state.blind) this.by.value = 'given';
    this.draw();
  }

  listen() {
    const {canvas, over} = this;
    new ResizeObserver(() => this.draw()).observe(this.space);
    over.addEventListener('wheel', (event) => {
      event.preventDefault();
      const [x, y] = this.share(event);
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, x, y);
    }, {passive: false});
    over.addEventListener('pointerdown', (event) => {
      over.setPointerCapture(event.pointerId);
      this.moves = (this.drag.value === 'move') !== event.shiftKey;
      this.path = [this.share(event)];
      this.tip.hidden = true;
    });
    over.addEventListener('pointermove', (event) => {
      const at = this.share(event);
      if (!this.path) { this.point(at); return; }
      const from = this.path[this.path.length - 1];
      // a busy browser makes one event of many moves, and a lasso has corners
      const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      this.path.push(...(all.length ? all.map((one) => this.share(one)) : [at]));
      if (this.moves) {
        this.view.x -= (at[0] - from[0]) * this.view.size;
        this.view.y -= (at[1] - from[1]) * this.view.size;
        this.soon();
      } else this.outline();
    });
    over.addEventListener('pointerup', () => {
      const path = this.path || [];
      this.path = null;
      if (!this.moves && path.length > 2) this.enclose(path);
      else if (!this.moves && this.nearest >= 0) { this.state.rule.rows = [this.nearest]; this.state.tell('limited'); }
      this.outline();
    });
    over.addEventListener('pointerleave', () => { this.tip.hidden = true; });
    canvas.addEventListener('keydown', (event) => {
      const step = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1]}[event.key];
      if (step) { this.view.x += step[0] * this.view.size; this.view.y += step[1] * this.view.size; this.draw(); }
      else if (event.key === '+' || event.key === '-') this.zoom(event.key === '+' ? 0.8 : 1.25, 0.5, 0.5);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  // Where the mouse is, in shares of the canvas.
  share(event) {
    const box = this.over.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  zoom(by, x, y) {
    const size = Math.max(0.002, Math.min(1, this.view.size * by));
    this.view = {x: this.view.x + x * (this.view.size - size), y: this.view.y + y * (this.view.size - size), size};
    this.soon();
  }

  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }

  // The colour of a pixel by value of what points are coloured by; made once.
  palette() {
    const scheme = matchMedia('(prefers-color-scheme: dark)').matches;
    const key = `${this.by.value} ${scheme}`;
    if (this.key !== key) {
      this.key = key;
      this.made = Uint32Array.from(this.mixed(), ([r, g, b]) => 0xff000000 | (b << 16) | (g << 8) | r);
    }
    return this.made;
  }

  // [[r, g, b], ...] by value, and the legend.
  mixed() {
    const style = getComputedStyle(document.documentElement);
    const probe = el('canvas', {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
    const rgb = (colour) => {
      const name = /^var\((.*)\)$/.exec(colour);
      probe.fillStyle = name ? style.getPropertyValue(name[1]).trim() : colour;
      probe.fillRect(0, 0, 1, 1);
      return Array.from(probe.getImageData(0, 0, 1, 1).data.subarray(0, 3));
    };
    if (this.by.value !== 'right') {
      this.legend.replaceChildren(...this.state.classes.map((name, i) => el('li', {}, el('i', {style: `background:${classColour(i)}`}), name)));
      return this.state.classes.map((_, i) => rgb(classColour(i)));
    }
    const [wrong, right] = [rgb('var(--wrong)'), rgb('var(--right)')];
    this.legend.replaceChildren(...[['--wrong', 'surely wrong'], ['--right', 'surely right']].map(([name, text]) =>
      el('li', {}, el('i', {style: `background:var(${name})`}), text)));
    return range(256).map((v) => wrong.map((from, i) => Math.round(from + (right[i] - from) * (v / 255))));
  }

  draw() {
    const width = Math.round(this.space.clientWidth * devicePixelRatio);
    const height = Math.round(this.space.clientHeight * devicePixelRatio);
    if (!this.data || !width) return;
    for (const canvas of [this.canvas, this.over]) if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
    const context = this.canvas.getContext('2d');
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = this.palette();
    const values = this.data[this.by.value];
    const {places} = this.data;
    const {x, y, size} = this.view;
    const n = values.length;
    const wide = Math.max(1, Math.round((n > 50000 ? 1.5 : n > 5000 ? 2.5 : 4) * devicePixelRatio / Math.max(0.35, Math.sqrt(size))));
    const [sx, sy] = [width / (EDGE * size), height / (EDGE * size)];
    const [ox, oy] = [(x * width) / size + wide / 2, (y * height) / size + wide / 2];
    for (let i = 0; i < n; i++) {
      const left = (places[2 * i] * sx - ox) | 0;
      const top = (places[2 * i + 1] * sy - oy) | 0;
      if (left < 0 || top < 0 || left + wide > width || top + wide > height) continue;
      const colour = colours[values[i]];
      let at = top * width + left;
      for (let row = 0; row < wide; row++, at += width) for (let column = 0; column < wide; column++) pixels[at + column] = colour;
    }
    context.putImageData(image, 0, 0);
    this.outline();
  }

  // The lasso, and rings around what is chosen.
  outline() {
    const {over, state, path} = this;
    const context = over.getContext('2d');
    context.clearRect(0, 0, over.width, over.height);
    if (!this.data) return;
    context.strokeStyle = getComputedStyle(document.body).color;
    context.lineWidth = 1.5 * devicePixelRatio;
    if (state.chosen.size <= 2000) {
      for (const row of state.chosen) {
        const [px, py] = this.pixel(row);
        context.beginPath();
        context.arc(px, py, 4 * devicePixelRatio, 0, 7);
        context.stroke();
      }
    }
    if (!path || this.moves) return;
    context.beginPath();
    for (const [px, py] of path) context.lineTo(px * over.width, py * over.height);
    context.closePath();
    context.stroke();
  }

  pixel(row) {
    const {x, y, size} = this.view;
    return [((this.data.places[2 * row] / EDGE - x) / size) * this.over.width, ((this.data.places[2 * row + 1] / EDGE - y) / size) * this.over.height];
  }

  // Chooses the faces inside a path, MOST at most, for an act takes no more.
  enclose(path) {
    const {x, y, size} = this.view;
    const corners = path.map(([px, py]) => [(x + px * size) * EDGE, (y + py * size) * EDGE]);
    const {places} = this.data;
    const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
    const box = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found = [];
    for (let i = 0; i < places.length / 2; i++) {
      const [px, py] = [places[2 * i], places[2 * i + 1]];
      if (px < box[0] || px > box[1] || py < box[2] || py > box[3]) continue;
      let inside = false;
      for (let a = 0, b = corners.length - 1; a < corners.length; b = a++) {
        const [[ax, ay], [bx, by]] = [corners[a], corners[b]];
        if ((ay > py) !== (by > py) && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) inside = !inside;
      }
      if (inside) found.push(i);
    }
    if (found.length > MOST) this.state.said(`${count(found.length)} faces are too many for one decision; the first ${count(MOST)} are chosen.`);
    this.state.chooseAll(found.slice(0, MOST));
  }

  // The face under the mouse.
  point([px, py]) {
    if (!this.data) return;
    const {x, y, size} = this.view;
    const {width, height} = this.over.getBoundingClientRect();
    const {places} = this.data;
    const [mx, my] = [(x + px * size) * EDGE, (y + py * size) * EDGE];
    const [sx, sy] = [width / (EDGE * size), height / (EDGE * size)];
    let [best, nearest] = [NEAR ** 2, -1];
    for (let i = 0; i < places.length / 2; i++) {
      const far = ((places[2 * i] - mx) * sx) ** 2 + ((places[2 * i + 1] - my) * sy) ** 2;
      if (far < best) [best, nearest] = [far, i];
    }
    this.tip.hidden = nearest < 0;
    if (nearest < 0 || nearest === this.nearest) { this.nearest = nearest; return; }
    this.nearest = nearest;
    const {classes} = this.state;
    const [given, suggested] = [this.data.given[nearest], this.data.suggested[nearest]].map((label) => classes[label]);
    this.tip.replaceChildren(face(nearest, ''), el('span', {}, given,
      this.state.told(nearest) && suggested !== given ? ` → ${suggested}` : ''));
    this.tip.style.left = `${Math.min(px * width + 14, width - 116)}px`;
    this.tip.style.top = `${Math.min(py * height + 14, height - 130)}px`;
  }
}
