// What a person decided: keep, relabel, ambiguous or drop, by id. Kept by the browser where it
// lets a page from a file keep something, and in any case until the page is closed.

class Decisions {
  constructor(key, names) {
    this.key = `fer_jax audit ${key}`;
    this.names = names;
    this.found = new Map();
    this.kept = true;
    this.watchers = [];
    try {
      for (const [id, decision, label, second = ''] of JSON.parse(localStorage.getItem(this.key) || '[]')) {
        if ([label, second].every((name) => name === '' || names.includes(name))) this.found.set(id, {decision, label, second});
      }
      localStorage.setItem(this.key, this.text());
    } catch { this.kept = false; }
  }

  rows() { return [...this.found].map(([id, {decision, label, second}]) => [id, decision, label, second]); }

  text() { return JSON.stringify(this.rows()); }

  of(id) { return this.found.get(id); }

  // decision: keep, relabel (to a class), ambiguous (between two) or drop; null takes it back.
  set(id, decision, [label = '', second = ''] = []) {
    if (decision) this.found.set(id, {decision, label, second});
    else this.found.delete(id);
    this.changed(id);
  }

  clear() { this.found.clear(); this.changed(null); }

  changed(id) {
    try { localStorage.setItem(this.key, this.text()); } catch { this.kept = false; }
    for (const watcher of this.watchers) watcher(id);
  }

  counts() {
    const found = {keep: 0, relabel: 0, ambiguous: 0, drop: 0};
    for (const {decision} of this.found.values()) found[decision] += 1;
    return found;
  }

  // What config.noise.corrections reads.
  csv() {
    const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = this.rows().map((row) => row.map(quoted).join(','));
    return ['id,decision,label,second', ...lines, ''].join('\n');
  }
}

function download(name, text) {
  const link = el('a', {href: URL.createObjectURL(new Blob([text], {type: 'text/csv'})), download: name});
  document.body.append(link);
  link.click();
  link.remove();
}
