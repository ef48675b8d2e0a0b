// One label: the face, what is thought of it, what was decided, faces like it.

const KINDS = {
  none: ['', ''],
  unreadable: ['unreadable', 'the picture has hardly any contrast'],
  twin: ['twin', 'the same face has another label: one of the two is wrong'],
  unlike: ['unlike the rest', 'it lies further from the middle than nearly all faces: often no face'],
  ambiguous: ['ambiguous', 'two classes are likely'],
  wrong: ['wrong', 'another class fits better, and one alone'],
};

// The picture of a row.
function face(row, said) {
  return el('img', {src: `face/${row}`, alt: said, width: 96, height: 96, loading: 'lazy', decoding: 'async', draggable: 'false'});
}

class Card {
  constructor(state, row, place, gallery) {
    Object.assign(this, {state, row, gallery});
    const {id, given} = state.cards.get(row);
    this.about = el('div', {class: 'about'});
    this.choices = el('div', {class: 'choices'}, CHOICES.map((choice) => el('button', {
      type: 'button', class: choice, tabindex: -1, onclick: () => this.press(choice),
    }, choice)));
    this.pickers = el('div', {class: 'pickers', hidden: true});
    this.faces = el('div', {class: 'alike', hidden: true});
    this.check = el('input', {type: 'checkbox', class: 'pick', tabindex: -1, 'aria-label': 'Choose this label', onclick: (event) => {
      if (event.shiftKey) state.chooseTo(row); else state.choose(row, event.target.checked);
    }});
    this.node = el('article', {
      class: 'card', tabindex: -1, 'data-row': row, 'data-id': id,
      onclick: (event) => this.clicked(event),
    },
    el('div', {class: 'face'}, face(row, `face labelled ${state.classes[given]}`), this.check),
    this.about,
    el('div', {class: 'under'}, el('span', {class: 'id', title: id}, id),
      el('button', {type: 'button', class: 'link', tabindex: -1, onclick: () => this.showAlike()}, 'alike')),
    this.choices, this.pickers, this.faces);
    this.node.card = this;
    this.place = place;
    this.paint();
  }

  clicked(event) {
    if (event.target.closest('button, select, input, .alike')) return;
    if (event.ctrlKey || event.metaKey) this.state.choose(this.row);
    else if (event.shiftKey) this.state.chooseTo(this.row);
    this.node.focus();
  }

  // What is thought of the label; in blind mode not before it is decided.
  paint() {
    const {state, row} = this;
    const {given, suggested, right, kind, twin} = state.cards.get(row);
    const [name, other] = [given, suggested].map((label) => state.classes[label]);
    const told = state.told(row);
    const [word, why] = KINDS[state.about.kinds[kind]] || ['', ''];
    this.about.replaceChildren(...[
      el('div', {class: 'labels'}, el('b', {}, name),
        told && (suggested === given ? el('span', {class: 'quiet small'}, ' also suggested')
          : [el('span', {class: 'arrow', 'aria-label': 'suggested'}, ' → '), el('b', {}, other)])),
      told && el('div', {class: 'odds'},
        el('div', {class: 'meter'}, el('i', {style: `width:${(100 * right).toFixed(1)}%`})),
        'chance right ', el('b', {}, chance(right))),
      told && word && el('span', {class: `kind ${word.split(' ')[0]}`, title: why}, word),
      told && twin && el('div', {class: 'odds'}, 'the same as a face labelled ', el('b', {}, state.classes[twin.given])),
    ].filter(Boolean));
    this.node.setAttribute('aria-label', told
      ? `${this.place + 1}: given ${name}, suggested ${other}, chance right ${chance(right)}${word && `, ${word}`}`
      : `${this.place + 1}: given ${name}`);
    this.decided(state.decisions.get(row));
  }

  decided(found) {
    this.node.dataset.decision = found ? found.decision : '';
    for (const button of this.choices.children) {
      button.setAttribute('aria-pressed', String(Boolean(found) && button.classList.contains(found.decision)));
    }
    const labels = found ? found.labels : [];
    this.pickers.hidden = !labels.length;
    this.pickers.replaceChildren(...labels.map((label, i) => this.picker(i, label, labels)));
  }

  // A list of classes; of two that fit the other one is not offered.
  picker(place, label, labels) {
    const {classes} = this.state;
    const others = labels.filter((_, i) => i !== place);
    const list = el('select', {tabindex: -1, 'aria-label': labels.length > 1 ? `Class ${place + 1} that fits` : 'New label', onchange: () => {
      const now = labels.slice();
      now[place] = +list.value;
      this.state.decide([this.row], now.length > 1 ? 'ambiguous' : 'relabel', now);
    }},
    label < 0 && el('option', {value: -1}, 'to which class?'),
    classes.map((name, i) => !others.includes(i) && el('option', {value: i, selected: i === label}, name)));
    return list;
  }

  // A button pressed again takes the decision back.
  press(choice) {
    const found = this.state.decisions.get(this.row);
    if (found && found.decision === choice) this.state.decide([this.row], null);
    else this.choose(choice);
  }

  // Returns whether it is decided now: blind, somebody has to say to which class.
  choose(choice) {
    const {state, row} = this;
    const {given, suggested} = state.cards.get(row);
    const told = state.told(row) && suggested !== given;
    if (choice === 'relabel' && !told) { this.ask([-1]); return false; }
    if (choice === 'ambiguous' && !told) { this.ask([given, -1]); return false; }
    const labels = {relabel: [suggested], ambiguous: [given, suggested]}[choice] || [];
    state.decide([row], choice, labels);
    return true;
  }

  ask(labels) {
    this.pickers.hidden = false;
    this.pickers.replaceChildren(...labels.map((label, i) => this.picker(i, label, labels)));
    this.pickers.lastChild.focus();
  }

  async showAlike() {
    if (!this.faces.hidden) { this.faces.hidden = true; return; }
    const {state} = this;
    if (!state.told(this.row)) { state.said('Decide first: the labels of alike faces would suggest one.'); return; }
    try {
      const found = await state.service.ask('alike', {row: this.row});
      for (const card of found) state.cards.set(card.row, card);
      for (const card of found) state.decisions.set(card.row, card.decision);
      const own = state.cards.get(this.row).given;
      const same = found.filter((card) => card.given === own).length;
      this.faces.replaceChildren(
        el('p', {class: 'small quiet'}, `${same} of the ${found.length} most alike faces have its label`),
        el('ul', {}, found.map((card) => el('li', {},
          el('button', {type: 'button', class: card.given === own ? 'same' : '', title: card.id, onclick: () => {
            state.rule.rows = [this.row, ...found.map((one) => one.row)];
            state.tell('limited');
          }}, face(card.row, ''), el('span', {}, state.classes[card.given]))))));
      this.faces.hidden = false;
    } catch (error) { state.said(error.message, true); }
  }
}
