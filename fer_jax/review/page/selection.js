// What is chosen, and one decision for all of it: a bar at the foot of the window.

class Selection {
  constructor(state) {
    this.state = state;
    const options = (first) => [first && el('option', {value: -1}, first), state.classes.map((name, i) => el('option', {value: i}, name))];
    this.count = el('b', {id: 'chosen'});
    this.label = el('select', {id: 'to', 'aria-label': 'New label'}, options('as suggested'));
    this.first = el('select', {'aria-label': 'First class that fits'}, options());
    this.second = el('select', {'aria-label': 'Second class that fits'}, options());
    const done = (decide) => async () => {
      const rows = [...state.chosen];
      if ((await decide(rows)) !== false) state.chooseAll([]);
    };
    const button = (name, decide) => el('button', {type: 'button', class: name, onclick: done(decide)}, name);
    this.node = el('div', {class: 'selection', id: 'selection', role: 'toolbar', 'aria-label': 'Decide about all that is chosen', hidden: true},
      el('span', {'aria-live': 'polite'}, this.count, ' chosen'),
      button('keep', (rows) => state.decide(rows, 'keep')),
      el('span', {class: 'pair'}, button('relabel', (rows) =>
        (+this.label.value < 0 ? state.relabel(rows) : state.decide(rows, 'relabel', [+this.label.value]))), this.label),
      el('span', {class: 'pair'}, button('ambiguous', (rows) => this.both(rows)), this.first, this.second),
      button('drop', (rows) => state.decide(rows, 'drop')),
      el('span', {class: 'pair'},
        el('button', {type: 'button', id: 'only', onclick: () => { state.rule.rows = [...state.chosen]; state.tell('limited'); }}, 'Show them'),
        el('button', {type: 'button', onclick: () => state.chooseAll([])}, 'Choose none')));
    state.on('chosen', () => this.draw());
    state.on('pair', () => this.first.focus());
  }

  both(rows) {
    const labels = [+this.first.value, +this.second.value];
    if (labels[0] === labels[1]) { this.state.said('Ambiguous between which two classes? Choose two.'); this.second.focus(); return false; }
    return this.state.decide(rows, 'ambiguous', labels);
  }

  draw() {
    const {state} = this;
    const {size} = state.chosen;
    this.node.hidden = !size;
    this.count.textContent = count(size);
    for (const option of this.label.options) if (+option.value < 0) option.disabled = state.blind;
    if (state.blind && +this.label.value < 0) this.label.value = 0;
    if (size !== 1) return;
    const [row] = state.chosen;
    this.first.value = state.given(row);
    const suggested = state.told(row) ? state.suggestion(row) : -1;
    if (suggested >= 0) this.second.value = suggested;
  }
}
