// The cards of a page of the list, moved through and decided by mouse and keys.

class Gallery {
  constructor(state) {
    this.state = state;
    this.cards = el('div', {class: 'cards', id: 'cards', role: 'group', 'aria-label': 'Labels to judge'});
    this.where = el('span', {id: 'where', 'aria-live': 'polite'});
    this.back = el('button', {type: 'button', onclick: () => state.turn(-1)}, '‹ Before');
    this.on = el('button', {type: 'button', id: 'next', onclick: () => state.turn(1)}, 'Next ›');
    const all = el('button', {type: 'button', id: 'all', onclick: () => state.chooseAll([...state.chosen, ...state.here])}, 'Choose this page');
    this.more = el('button', {type: 'button', onclick: () => this.move(PAGE)}, 'Next ›');
    this.node = el('div', {}, el('div', {class: 'bar'}, this.back, this.on, this.where, all), this.keys(), this.cards,
      el('div', {class: 'bar'}, this.more));
    document.addEventListener('keydown', (event) => this.key(event));
    state.on('shown', () => this.draw());
    state.on('decided', (rows) => this.paint(new Set(rows)));
    state.on('chosen', () => this.mark());
    state.on('turned', (rows) => this.find(rows));
  }

  keys() {
    const keys = [['k', 'keep'], ['r', 'relabel'], ['a', 'ambiguous'], ['d', 'drop'], ['u', 'forget'], ['z', 'undo'], ['⇧z', 'redo'],
      ['x', 'choose'], ['n', 'alike'], ['← → ↑ ↓', 'move']];
    const digits = this.state.classes.length <= 9 && [el('kbd', {}, '1'), '–', el('kbd', {}, this.state.classes.length),
      ` ${this.state.classes.join(', ')}`];
    return el('details', {class: 'keys small quiet', open: innerWidth > 800}, el('summary', {}, 'Keys'),
      el('p', {}, keys.map(([key, what]) => [el('kbd', {}, key), ` ${what}  `]), digits));
  }

  draw() {
    const {state} = this;
    const here = state.here;
    this.cards.replaceChildren(...here.map((row, i) => new Card(state, row, state.first + i, this).node));
    if (this.cards.firstChild) this.cards.firstChild.tabIndex = 0;
    else this.cards.append(el('p', {class: 'quiet'}, state.rule.state === 'undecided' ? 'Every label that passes the filter is decided.' : 'No label passes the filter.'));
    const most = state.total > state.rows.length ? ` (the first ${count(state.rows.length)} are listed)` : '';
    this.where.textContent = here.length ? `${count(state.first + 1)} to ${count(state.first + here.length)} of ${count(state.total)}${most}` : '';
    this.back.disabled = state.first === 0;
    this.on.disabled = state.first + PAGE >= state.rows.length && !(state.news.ranking > state.ranking && !state.rule.sample);
    this.more.hidden = this.on.disabled;
    this.mark();
  }

  all() { return [...this.cards.querySelectorAll('.card')]; }

  paint(rows) { for (const node of this.all()) if (rows.has(+node.dataset.row)) node.card.paint(); }

  mark() {
    for (const node of this.all()) {
      const chosen = this.state.chosen.has(+node.dataset.row);
      node.classList.toggle('chosen', chosen);
      node.card.check.checked = chosen;
    }
  }

  // Shows the first of some labels, where this page has one of them.
  find(rows) {
    const node = this.all().find((one) => rows.includes(+one.dataset.row));
    if (node) this.focus(node);
  }

  focus(node) {
    for (const one of this.all()) one.tabIndex = -1;
    node.tabIndex = 0;
    node.focus({preventScroll: true});
    node.scrollIntoView({block: 'nearest'});
  }

  // Keys are heard wherever nothing else takes them.
  key(event) {
    const {state} = this;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input:not([type=checkbox]), select, textarea, summary')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === 'z') state.back(event.shiftKey ? 'redo' : 'undo');
    else if (key === 'Escape') state.chooseAll([]);
    else if (!this.keyOfCard(key, event)) return;
    event.preventDefault();
  }

  keyOfCard(key, event) {
    const {state} = this;
    const node = event.target.closest('.card');
    const choice = CHOICES.find((name) => name[0] === key);
    const digit = state.classes.length <= 9 && /^[1-9]$/.test(key) && +key <= state.classes.length ? +key : 0;
    if (state.chosen.size && (choice || digit || key === 'u')) {
      this.decideChosen(choice, digit);
      return true;
    }
    if (!node) return false;
    const cards = this.all();
    const place = cards.indexOf(node);
    const across = cards.filter((one) => one.offsetTop === cards[0].offsetTop).length;
    const steps = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across};
    if (key in steps) this.move(place + steps[key]);
    else if (choice) { if (node.card.choose(choice)) this.move(place + 1); }
    else if (digit) {
      const own = state.cards.get(node.card.row).given === digit - 1;
      state.decide([node.card.row], own ? 'keep' : 'relabel', own ? [] : [digit - 1]);
      this.move(place + 1);
    } else if (key === 'u') state.decide([node.card.row], null);
    else if (key === 'x') { if (event.shiftKey) state.chooseTo(node.card.row); else state.choose(node.card.row); }
    else if (key === 'n') node.card.showAlike();
    else return false;
    return true;
  }

  async decideChosen(choice, digit) {
    const {state} = this;
    const rows = [...state.chosen];
    if (digit) await state.decide(rows, 'relabel', [digit - 1]);
    else if (!choice) await state.decide(rows, null);
    else if (choice === 'relabel') await state.relabel(rows);
    else if (choice === 'ambiguous') { state.tell('pair'); return; }
    else await state.decide(rows, choice);
    state.chooseAll([]);
  }

  // Focuses a card of this page, or the first or last one of the next or the one before.
  async move(place) {
    const {state} = this;
    let cards = this.all();
    if (place < 0 && state.first > 0) {
      await state.turn(-1);
      cards = this.all();
      place = cards.length - 1;
    } else if (place >= cards.length && !this.on.disabled) {
      await state.turn(1);
      cards = this.all();
      place = 0;
    }
    if (cards.length) this.focus(cards[Math.max(0, Math.min(place, cards.length - 1))]);
  }
}
