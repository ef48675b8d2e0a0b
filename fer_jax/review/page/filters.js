// Which labels are listed, how many there are of each kind, and what they promise.

const STATES = ['undecided', 'decided', 'keep', 'relabel', 'drop', 'ambiguous', 'all'];

class Filters {
  constructor(state) {
    this.state = state;
    const {rule, about} = state;
    const classes = () => [el('option', {value: -1}, 'any class'), about.classes.map((name, i) => el('option', {value: i}, name))];
    const apply = () => this.apply();
    let waiting;
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(apply, 200); };
    this.given = el('select', {id: 'given', onchange: apply}, classes());
    this.suggested = el('select', {id: 'suggested', onchange: apply}, classes());
    this.most = el('input', {id: 'most', type: 'number', min: 0, max: 100, value: 100, oninput: soon});
    this.text = el('input', {id: 'text', type: 'search', maxlength: 200, placeholder: 'part of the id', oninput: soon});
    this.decision = el('select', {id: 'state', onchange: apply}, STATES.map((name) => el('option', {}, name)));
    this.kinds = el('div', {class: 'chips', id: 'kinds', role: 'group', 'aria-label': 'Kind of trouble'});
    this.found = el('p', {class: 'yield', id: 'found', 'aria-live': 'polite'});
    this.limit = el('button', {type: 'button', id: 'unlimit', hidden: true, onclick: () => { rule.rows = null; apply(); }}, '');
    this.sample = about.sample > 0 && this.modes();
    const named = (name, input) => el('label', {}, name, input);
    this.blinded = [named('Suggested label', this.suggested), named('Chance right at most, %', this.most)];
    const reset = el('button', {type: 'button', onclick: () => {
      this.given.value = this.suggested.value = -1; this.most.value = 100; this.text.value = '';
      this.decision.value = 'undecided'; rule.rows = null; rule.kind = -1; apply();
    }}, 'Reset');
    this.node = el('div', {class: 'panel'}, this.sample,
      el('form', {class: 'filters', role: 'search', onsubmit: (event) => event.preventDefault()},
        named('Given label', this.given), this.blinded, named('Text', this.text), named('Decision', this.decision)),
      this.kinds, el('div', {class: 'bar'}, this.found, this.limit, reset));
    state.on('listed', (found) => this.listed(found));
    state.on('limited', () => {
      this.decision.value = 'all';
      apply();
    });
    state.on('blind', () => this.draw());
    this.draw();
  }

  // The random sample first, judged blind; then the labels that are doubted.
  modes() {
    const {state} = this;
    const choice = (value, text) => el('label', {class: 'check'}, el('input', {
      type: 'radio', name: 'mode', value, checked: value === 'sample', onchange: () => {
        state.rule.sample = value === 'sample';
        state.see(state.rule.sample);
        state.rule.rows = null;
        this.apply();
      },
    }), text);
    this.rate = el('p', {class: 'small', id: 'rate'});
    state.on('news', () => this.rated());
    return el('fieldset', {class: 'modes'}, el('legend', {}, 'Judge'),
      choice('sample', `a random sample of ${count(state.about.sample)}, blind`), choice('doubted', 'the labels most doubted'), this.rate);
  }

  rated() {
    const found = this.state.news.rate;
    this.rate.replaceChildren(...(found ? [
      `Of ${count(found.judged)} judged with a clear answer ${count(found.wrong)} are wrong: `, el('b', {}, percent(found.share, 1)),
      `; ${percent(found.interval[0], 1)} to ${percent(found.interval[1], 1)} is possible.`,
      found.judged < this.state.about.enough ? ` From ${this.state.about.enough} on, the chances below are calibrated by it.` : '',
    ] : ['What it says of the share of wrong labels is unbiased: nothing else on this page is.']));
  }

  apply() {
    const {state} = this;
    const most = this.most.value === '' ? 100 : Math.max(0, Math.min(100, +this.most.value));
    Object.assign(state.rule, {
      given: +this.given.value, suggested: +this.suggested.value, most: most / 100,
      text: this.text.value.trim(), state: this.decision.value,
    });
    state.list().catch((error) => state.said(error.message, true));
  }

  listed(found) {
    const {state} = this;
    const {kind, rows} = state.rule;
    const all = found.kinds.reduce((sum, [passing]) => sum + passing, 0);
    const chip = (place, word, passing, said) => el('button', {
      type: 'button', class: 'chip', 'aria-pressed': String(kind === place), title: said, 'data-kind': place,
      onclick: () => { state.rule.kind = place; this.apply(); },
    }, word, ' ', el('b', {}, count(passing)));
    this.kinds.replaceChildren(chip(-1, 'every kind', all, 'whatever is the matter'),
      ...found.kinds.map(([passing, decided, wrong], place) => {
        const [word, why] = KINDS[state.about.kinds[place]];
        const said = decided ? `; of ${count(decided)} decided ${count(wrong)} (${percent(wrong / decided)}) were not kept` : '';
        return word && chip(place, word, passing, why + said);
      }).filter(Boolean));
    this.limit.hidden = !rows;
    this.limit.textContent = rows ? `Among ${plural(rows.length, 'chosen one')} only ✕` : '';
    this.found.replaceChildren(el('b', {}, plural(found.total, 'label')), ...(found.first && !state.blind
      ? [`. Among the first ${count(found.first)} about `, el('b', {}, count(found.expected)), ` wrong expected (${percent(found.expected / found.first)})`] : []));
    this.draw();
  }

  // Blind, nobody chooses by what is thought of a label.
  draw() {
    const {blind} = this.state;
    for (const one of this.blinded) one.hidden = blind;
    this.kinds.hidden = blind || !this.state.news.ready;
    if (this.sample) this.rated();
  }
}
