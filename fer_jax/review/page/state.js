// What the parts of the page share: what was decided, which labels are listed, which are
// chosen, and who wants to know.

const PAGE = 24;
const CHOICES = ['keep', 'relabel', 'ambiguous', 'drop'];

class State {
  constructor(service, about) {
    this.service = service;
    this.about = about;
    this.classes = about.classes;
    this.news = about;
    this.decisions = new Map(); // row -> decision or null, of the rows seen so far
    this.cards = new Map(); // row -> what is known of it
    this.rows = new Int32Array(0); // the list, which stays as it is until asked for anew
    this.total = 0;
    this.first = 0;
    this.ranking = about.ranking; // that the list is of
    this.chosen = new Set();
    this.anchor = null; // where a range of choices begins
    this.blind = about.sample > 0;
    this.rule = {given: -1, suggested: -1, kind: -1, most: 1, text: '', state: 'undecided', sample: about.sample > 0, rows: null};
    this.watchers = {listed: [], decided: [], turned: [], limited: [], pair: [], blind: [], chosen: [], news: [], shown: []};
    this.said = () => {}; // set by the page: shows a line
    service.watchers.push((news, error) => this.heard(news, error));
  }

  on(what, watcher) { this.watchers[what].push(watcher); }

  tell(what, ...about) { for (const watcher of this.watchers[what]) watcher(...about); }

  heard(news, error) {
    if (!news) { this.said(error.message, true); return; }
    for (const [rows, decision] of news.changes) for (const row of rows) this.decisions.set(row, decision);
    this.news = news;
    if (news.changes.length) this.tell('decided', news.changes.flatMap(([rows]) => rows));
    this.tell('news', news);
  }

  // Asks for the list anew: by the newest order, from its top.
  async list() {
    const found = await unpack(await this.service.ask('list', this.rule));
    Object.assign(this, {rows: found.rows, total: found.total, ranking: found.ranking, first: 0});
    this.chosen.clear();
    this.tell('chosen');
    this.tell('listed', found);
    await this.show();
  }

  // Which labels of each kind there are now; the list stays.
  async count() { this.tell('listed', await this.service.ask('list', this.rule)); }

  get here() { return Array.from(this.rows.subarray(this.first, this.first + PAGE)); }

  async show() {
    const rows = this.here;
    await this.learn(rows);
    this.tell('shown');
  }

  async learn(rows) {
    for (let from = 0; from < rows.length; from += 200) {
      for (const card of await this.service.ask('cards', {rows: rows.slice(from, from + 200)})) {
        this.cards.set(card.row, card);
        this.decisions.set(card.row, card.decision);
      }
    }
  }

  async turn(by) {
    if (by > 0 && this.news.ranking > this.ranking && !this.rule.sample) return this.list();
    const last = Math.max(0, Math.floor((this.rows.length - 1) / PAGE) * PAGE);
    this.first = Math.max(0, Math.min(last, this.first + by * PAGE));
    return this.show();
  }

  // What is to be known of a label before it is decided, where the page is not blind.
  told(row) { return !this.blind || Boolean(this.decisions.get(row)); }

  // Blind or not: what is thought of a label is hidden until it is decided.
  see(blind) {
    this.blind = blind;
    if (blind) Object.assign(this.rule, {suggested: -1, most: 1, kind: -1});
    this.tell('blind');
  }

  suggestion(row) {
    const card = this.cards.get(row);
    if (card) return card.suggested;
    return this.plane ? this.plane.suggested[row] : -1;
  }

  given(row) {
    const card = this.cards.get(row);
    return card ? card.given : this.plane.given[row];
  }

  // Decides at once on the page, and takes it back where the server does not.
  //   labels: classes that the decision names; decision null forgets
  async decide(rows, decision, labels = []) {
    const before = rows.map((row) => [row, this.decisions.get(row)]);
    const now = decision && {decision, labels, reviewer: this.about.reviewer, sample: this.rule.sample};
    for (const row of rows) this.decisions.set(row, now);
    this.tell('decided', rows);
    try {
      await this.service.inTurn('act', {rows, decision: decision || 'forget', labels, sample: this.rule.sample && this.blind});
      return true;
    } catch (error) {
      const newer = new Set((error.news ? error.news.changes : []).flatMap(([rows]) => rows));
      for (const [row, old] of before) if (!newer.has(row)) this.decisions.set(row, old);
      this.tell('decided', rows);
      this.said(error.message, true);
      return false;
    }
  }

  // Each label to the class that is suggested for it: an act for each class.
  async relabel(rows) {
    const by = new Map();
    for (const row of rows) {
      const suggested = this.suggestion(row);
      const label = suggested < 0 || suggested === this.given(row) ? -1 : suggested;
      by.set(label, [...(by.get(label) || []), row]);
    }
    if (by.has(-1)) this.said(`${plural(by.get(-1).length, 'label')} left: no other class is suggested.`);
    for (const [label, some] of by) if (label >= 0) await this.decide(some, 'relabel', [label]);
  }

  async back(name) {
    try {
      const {turned} = await this.service.inTurn(name);
      const what = name === 'undo' ? 'Undone' : 'Done again';
      this.said(turned ? `${what}: ${turned.decision}${turned.count > 1 ? ` of ${count(turned.count)} labels` : ''}.` : `Nothing to ${name}.`);
      if (turned) this.tell('turned', turned.rows);
    } catch (error) { this.said(error.message, true); }
  }

  choose(row, chosen = !this.chosen.has(row)) {
    if (chosen) this.chosen.add(row); else this.chosen.delete(row);
    this.anchor = row;
    this.tell('chosen');
  }

  // All from the label chosen last to this one, as the page has them.
  chooseTo(row) {
    const rows = this.here;
    const [from, to] = [rows.indexOf(this.anchor), rows.indexOf(row)].sort((a, b) => a - b);
    for (const one of from < 0 ? [row] : rows.slice(from, to + 1)) this.chosen.add(one);
    this.anchor = row;
    this.tell('chosen');
  }

  chooseAll(rows) {
    this.chosen = new Set(rows);
    this.tell('chosen');
  }
}
