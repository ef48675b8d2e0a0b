// The labels of the run: columns by row, the least trusted first, and what passes a
// filter.

class Labels {
  constructor(table, names) {
    Object.assign(this, table);
    this.names = names;
    this.ids = JSON.parse(new TextDecoder().decode(table.ids));
    this.count = this.given.length;
    this.whole = Int32Array.from(range(this.count));
    this.shown = this.whole;
    this.watchers = [];
  }

  clean(row) { return this.clean_labels && this.clean_labels[row] >= 0 ? this.names[this.clean_labels[row]] : null; }

  wrong(row) { return this.clean_labels[row] >= 0 && this.clean_labels[row] !== this.given[row]; }

  network(row, peer) { return this.networks[peer * this.count + row] / 65535; }

  peers() { return this.networks ? this.networks.shape[0] : 0; }

  // How alike the networks judge the label: 1 less the largest difference.
  agreement(row) {
    const all = range(this.peers()).map((peer) => this.network(row, peer));
    return 1 - (Math.max(...all) - Math.min(...all));
  }

  // rule: {given, suggested: class or -1, most: probability, text, state}
  filter(rule, decisions) {
    const text = rule.text.toLowerCase();
    const passes = (row) =>
      (rule.given < 0 || this.given[row] === rule.given) &&
      (rule.suggested < 0 || this.suggested[row] === rule.suggested) &&
      this.right[row] <= rule.most &&
      (!text || this.ids[row].toLowerCase().includes(text)) &&
      (rule.state === 'all' || (rule.state === 'decided') === Boolean(decisions.of(this.ids[row])));
    this.shown = this.whole.filter(passes);
    for (const watcher of this.watchers) watcher();
  }

  // Among the first 0, 1, 2, ... shown: wrong labels expected, those known to be wrong,
  // and those whose clean label is known at all.
  yields() {
    const expected = new Float64Array(this.shown.length + 1);
    const wrong = new Float64Array(this.shown.length + 1);
    const known = new Float64Array(this.shown.length + 1);
    this.shown.forEach((row, i) => {
      expected[i + 1] = expected[i] + 1 - this.right[row];
      if (!this.clean_labels) return;
      wrong[i + 1] = wrong[i] + this.wrong(row);
      known[i + 1] = known[i] + (this.clean_labels[row] >= 0);
    });
    return {expected, wrong, known};
  }
}
