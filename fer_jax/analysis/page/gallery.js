// Suspicious labels to look at: filters, what reviewing pays, cards, decisions.

const PAGE = 24;
const CHOICES = ['keep', 'relabel', 'ambiguous', 'drop'];

function review(audit) {
  const {labels, decisions, run} = audit;
  const cards = new Gallery(audit);
  const source = run.epochs ? 'how the run saw each label over its epochs'
    : 'what a frozen network says of each face, its label left out';
  const table = new VirtualTable(audit, (row) => cards.show(row));
  return el('section', {id: 'review'},
    el('h2', {}, 'Suspicious labels'),
    el('p', {}, `Sorted by the calibrated probability that the given label is right, the least
      probable first. It is learned from ${source}, without any clean label. Pictures: ${audit.pictureRule}`),
    el('div', {class: 'panel'}, filters(audit), harvest(audit)),
    cards.node,
    el('h3', {style: 'margin-top:26px'}, 'All labels that pass the filter'),
    el('p', {class: 'quiet small'}, 'Scroll; click a row to see its card.'),
    table.node);
}

function filters(audit) {
  const {labels, decisions, run} = audit;
  const rule = {given: -1, suggested: -1, most: 1, text: '', state: 'all'};
  const classes = (any) => [el('option', {value: -1}, any), run.classes.map((name, i) => el('option', {value: i}, name))];
  const given = el('select', {id: 'given'}, classes('any class'));
  const suggested = el('select', {id: 'suggested'}, classes('any class'));
  const most = el('input', {id: 'most', type: 'number', min: 0, max: 100, step: 1, value: 100});
  const text = el('input', {id: 'text', type: 'search', placeholder: 'part of the id'});
  const state = el('select', {id: 'state'}, ['all', 'undecided', 'decided'].map((name) => el('option', {value: name}, name)));
  const found = el('b', {id: 'found'});
  const apply = () => {
    Object.assign(rule, {
      given: +given.value, suggested: +suggested.value, text: text.value.trim(), state: state.value,
      most: most.value === '' || +most.value >= 100 ? 1 : +most.value / 100,
    });
    labels.filter(rule, decisions);
    found.textContent = plural(labels.shown.length, 'label');
  };
  let waiting;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(apply, 150); };
  const reset = el('button', {type: 'button', onclick: () => {
    given.value = suggested.value = -1; most.value = 100; text.value = ''; state.value = 'all'; apply();
  }}, 'Reset');
  for (const one of [given, suggested, state]) one.addEventListener('change', apply);
  for (const one of [most, text]) one.addEventListener('input', soon);
  const named = (name, input) => el('label', {}, name, input);
  const truth = labels.clean_labels && el('label', {class: 'check'},
    el('input', {type: 'checkbox', id: 'truth', onchange: (event) => audit.tell(event.target.checked)}),
    'Show clean labels');
  found.textContent = plural(labels.shown.length, 'label');
  return [
    el('form', {class: 'filters', role: 'search', onsubmit: (event) => event.preventDefault()},
      named('Given label', given), named('Suggested label', suggested),
      named('Chance right at most, %', most), named('Text', text), named('Decision', state), truth),
    el('div', {class: 'bar', 'aria-live': 'polite'}, el('span', {}, found, ' pass the filter'), reset),
  ];
}

// "Review these 200: about 150 wrong expected", and the curve behind it.
function harvest(audit) {
  const {labels} = audit;
  const input = el('input', {type: 'number', id: 'budget', min: 1, value: Math.min(200, labels.count), 'aria-label': 'How many labels to review'});
  const said = el('span');
  const known = el('p', {class: 'quiet small'});
  const host = el('div');
  let yields;
  let drawn;
  const spec = () => {
    const all = labels.shown.length;
    const few = Math.max(1, Math.min(all, Math.max(4 * +input.value, 400)));
    const sample = range(Math.min(few, 300) + 1).map((i) => Math.round((i * few) / Math.min(few, 300)));
    const at = Math.min(+input.value || 1, all);
    const line = (values, colour, dash) => ({type: 'line', colour, dash, points: sample.map((k) => [k, values[k]])});
    const marks = [
      {type: 'line', colour: 'var(--line)', width: 1.5, points: [[0, 0], [few, few]]},
      {type: 'rule', x: at, colour: 'var(--quiet)'},
      line(yields.expected, 'var(--wrong)'),
      {type: 'dots', colour: 'var(--wrong)', radius: 4.5, points: [[at, yields.expected[at]]]},
    ];
    if (audit.told) marks.push(line(yields.wrong, 'var(--right)', '5 4'));
    const most = Math.max(1, yields.expected[few], audit.told ? yields.wrong[few] : 0);
    return {x: {domain: [0, few], label: 'labels reviewed', format: count}, y: {domain: [0, most * 1.05], label: 'wrong ones', format: count}, marks, height: 230};
  };
  const update = () => {
    const at = Math.max(0, Math.min(Math.round(+input.value) || 0, labels.shown.length));
    const wrong = yields.expected[at];
    said.replaceChildren(': about ', el('b', {}, count(wrong)), ` wrong expected`, at ? ` (${percent(wrong / at)})` : '');
    known.textContent = audit.told && at ? `Known to be wrong: ${count(yields.wrong[at])} of the ${count(yields.known[at])} among them whose clean label is known.` : '';
    if (labels.shown.length) drawn.update(spec());
  };
  const redo = () => { yields = labels.yields(); update(); };
  yields = labels.yields();
  drawn = chart({
    title: 'Expected yield', said: 'Wrong labels expected among the first ones; grey: if every one were wrong',
  }, spec());
  host.append(drawn);
  input.addEventListener('input', update);
  labels.watchers.push(redo);
  audit.watchers.push(update);
  update();
  return [el('p', {class: 'yield', 'aria-live': 'polite'}, 'Review these ', input, said), known,
    audit.summary.noise.doubts.map((line) => el('p', {class: 'none'}, line)), host];
}

class Gallery {
  constructor(audit) {
    this.audit = audit;
    this.first = 0;
    this.cards = el('div', {class: 'cards', id: 'cards', role: 'group', 'aria-label': 'Suspicious labels', onkeydown: (event) => this.key(event)});
    this.where = el('span', {id: 'where', 'aria-live': 'polite'});
    this.back = el('button', {type: 'button', onclick: () => this.turn(-1)}, '‹ Before');
    this.on = el('button', {type: 'button', id: 'next', onclick: () => this.turn(1)}, 'Next ›');
    this.tally = el('span', {id: 'tally'});
    this.node = el('div', {}, this.tools(), this.pager(), this.cards);
    audit.labels.watchers.push(() => { this.first = 0; this.draw(); });
    audit.decisions.watchers.push((id) => this.decided(id));
    audit.watchers.push(() => this.draw());
    this.draw();
    this.decided(undefined);
  }

  tools() {
    const {decisions, run} = this.audit;
    const save = el('button', {type: 'button', class: 'main', id: 'download', onclick: () => download('decisions.csv', decisions.csv())}, 'Download decisions.csv');
    const forget = el('button', {type: 'button', onclick: () => {
      if (confirm('Forget all decisions made on this page?')) decisions.clear();
    }}, 'Forget all');
    return el('div', {class: 'bar'}, save, forget, this.tally);
  }

  pager() {
    const keys = [['k', 'keep'], ['r', 'relabel'], ['a', 'ambiguous'], ['d', 'drop'], ['u', 'undo'], ['← → ↑ ↓', 'move']];
    return el('div', {class: 'bar'}, this.back, this.on, this.where,
      el('span', {class: 'push small quiet'}, keys.map(([key, what]) => [el('kbd', {}, key), ` ${what}  `]),
        this.audit.run.classes.length <= 9 && [el('kbd', {}, '1'), '–', el('kbd', {}, this.audit.run.classes.length), ' relabel to that class']));
  }

  get shown() { return this.audit.labels.shown; }

  turn(by) {
    const last = Math.max(0, Math.floor((this.shown.length - 1) / PAGE) * PAGE);
    this.first = Math.max(0, Math.min(last, this.first + by * PAGE));
    this.draw();
  }

  show(row) {
    const place = this.shown.indexOf(row);
    if (place < 0) return;
    this.first = Math.floor(place / PAGE) * PAGE;
    this.draw();
    const card = this.cards.children[place - this.first];
    card.focus();
    card.scrollIntoView({block: 'center'});
  }

  draw() {
    const all = this.shown.length;
    const here = Array.from(this.shown.subarray(this.first, this.first + PAGE));
    this.cards.replaceChildren(...here.map((row, i) => this.card(row, this.first + i)));
    if (this.cards.firstChild) this.cards.firstChild.tabIndex = 0;
    else this.cards.append(el('p', {class: 'quiet'}, 'No label passes the filter.'));
    this.where.textContent = all ? `${count(this.first + 1)} to ${count(this.first + here.length)} of ${count(all)}` : '';
    this.back.disabled = this.first === 0;
    this.on.disabled = this.first + PAGE >= all;
  }

  card(row, place) {
    const {labels, decisions, run, told} = this.audit;
    const id = labels.ids[row];
    const given = run.classes[labels.given[row]];
    const suggested = run.classes[labels.suggested[row]];
    const each = range(labels.peers()).map((peer) => chance(labels.network(row, peer)));
    const clean = labels.clean(row);
    const curve = this.audit.curve(row);
    const flips = labels.flips[row];
    const card = el('article', {
      class: 'card', tabindex: -1, 'data-row': row, 'data-id': id,
      'aria-label': `${place + 1}: given ${given}, suggested ${suggested}, chance right ${chance(labels.right[row])}`,
      onclick: (event) => { if (event.target.closest('button, select') === null) card.focus(); },
    },
    face(this.audit, row, `face labelled ${given}`),
    el('div', {class: 'labels'}, el('b', {}, given),
      suggested === given ? el('span', {class: 'quiet small'}, ' also suggested')
        : [el('span', {class: 'arrow', 'aria-label': 'suggested'}, ' → '), el('b', {}, suggested)],
      told && clean && el('div', {class: `small ${clean === given ? 'right' : 'wrong'}`}, clean === given ? 'given label is clean' : `clean: ${clean}`)),
    el('div', {class: 'odds'},
      el('div', {class: 'meter'}, el('i', {style: `width:${(100 * labels.right[row]).toFixed(1)}%`})),
      'chance right ', el('b', {}, chance(labels.right[row])),
      each.length > 1 && [el('br'), `networks ${each.join(', ')}`, el('br'), `agreement ${percent(labels.agreement(row))}`]),
    el('div', {class: 'under'},
      el('span', {class: 'id', title: id}, id, flips ? el('span', {}, el('br'), plural(flips, 'flip')) : ''),
      curve && sparkline(curve, `${this.audit.curveLabel}: ${this.audit.curveSaid}`)),
    el('div', {class: 'choices'}, CHOICES.map((choice) => el('button', {
      type: 'button', class: choice, tabindex: -1, onclick: () => this.decide(row, choice),
    }, choice)), this.picker(row)));
    this.paint(card, decisions.of(id));
    return card;
  }

  // To which class a label is changed, or which one fits beside the given one.
  picker(row) {
    const {decisions, labels, run} = this.audit;
    return el('select', {tabindex: -1, hidden: true, onchange: (event) =>
      this.decide(row, decisions.of(labels.ids[row]).decision, event.target.value)},
    run.classes.map((name) => el('option', {}, name)));
  }

  paint(card, found) {
    card.dataset.decision = found ? found.decision : '';
    for (const button of card.querySelectorAll('.choices button')) {
      button.setAttribute('aria-pressed', String(Boolean(found) && button.classList.contains(found.decision)));
    }
    const picker = card.querySelector('select');
    const other = found && (found.second || found.label);
    picker.hidden = !other;
    if (!other) return;
    const {labels, run} = this.audit;
    picker.setAttribute('aria-label', found.second ? `Fits beside ${found.label}` : 'New label');
    for (const option of picker.options) {
      option.disabled = Boolean(found.second) && option.value === run.classes[labels.given[+card.dataset.row]];
    }
    picker.value = other;
  }

  // A label is changed to the suggested class, or is ambiguous between that and the given
  // one; to the first other one where the given label is suggested: a person then picks.
  decide(row, choice, label) {
    const {labels, decisions, run} = this.audit;
    const given = labels.given[row];
    const other = labels.suggested[row] !== given ? labels.suggested[row] : given ? 0 : 1;
    const found = decisions.of(labels.ids[row]);
    const named = label === undefined ? run.classes[other] : label;
    const classes = {relabel: [named], ambiguous: [run.classes[given], named]}[choice];
    if (label === undefined && found && found.decision === choice) decisions.set(labels.ids[row], null);
    else decisions.set(labels.ids[row], choice, classes);
  }

  decided(id) {
    const {decisions} = this.audit;
    for (const card of this.cards.querySelectorAll('.card')) {
      if (id == null || card.dataset.id === id) this.paint(card, decisions.of(card.dataset.id));
    }
    const {keep, relabel, ambiguous, drop} = decisions.counts();
    this.tally.textContent = `${plural(keep + relabel + ambiguous + drop, 'decision')}: ${keep} keep, ${relabel} relabel, ${ambiguous} ambiguous, ${drop} drop`
      + (decisions.kept ? '' : ' (this browser keeps nothing for a page from a file: download before you close it)');
  }

  key(event) {
    const card = event.target.closest('.card');
    if (!card || event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'SELECT') return;
    const cards = [...this.cards.children];
    const place = cards.indexOf(card);
    const row = +card.dataset.row;
    const {labels, decisions, run} = this.audit;
    const across = cards.filter((one) => one.offsetTop === cards[0].offsetTop).length;
    const steps = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across};
    const choice = CHOICES.find((name) => name[0] === event.key.toLowerCase());
    const digit = run.classes.length <= 9 ? +event.key : 0;
    if (event.key in steps) this.move(place + steps[event.key]);
    else if (choice) {
      decisions.set(labels.ids[row], null);
      this.decide(row, choice);
      this.move(place + 1);
    } else if (digit >= 1 && digit <= run.classes.length) {
      decisions.set(labels.ids[row], 'relabel', [run.classes[digit - 1]]);
      this.move(place + 1);
    } else if (event.key.toLowerCase() === 'u') decisions.set(labels.ids[row], null);
    else return;
    event.preventDefault();
  }

  // Focuses a card of this page, or the first or last one of the next or the one before.
  move(place) {
    if (place < 0 && this.first > 0) {
      this.turn(-1);
      place = this.cards.children.length - 1;
    } else if (place >= this.cards.children.length && this.first + PAGE < this.shown.length) {
      this.turn(1);
      place = 0;
    }
    const card = this.cards.children[Math.max(0, Math.min(place, this.cards.children.length - 1))];
    for (const one of this.cards.children) one.tabIndex = -1;
    card.tabIndex = 0;
    card.focus();
    card.scrollIntoView({block: 'nearest'});
  }
}
