// What a person decided: keep, relabel or drop, by id. Kept by the browser where it
// lets a page from a file keep something, and in any case until the page is closed.

class Decisions {
  constructor(key, names) {
    this.key = `fer_jax audit ${key}`;
    this.names = names;
    this.found = new Map();
    this.kept = true;
    this.watchers = [];
    try {
      for (const [id, decision, label] of JSON.parse(localStorage.getItem(this.key) || '[]')) {
        if (label === '' || names.includes(label)) this.found.set(id, {decision, label});
      }
      localStorage.setItem(this.key, this.text());
    } catch { this.kept = false; }
  }

  text() { return JSON.stringify([...this.found].map(([id, {decision, label}]) => [id, decision, label])); }

  of(id) { return this.found.get(id); }

  // decision: keep, relabel (to the class `label`) or drop; null takes it back.
  set(id, decision, label = '') {
    if (decision) this.found.set(id, {decision, label: decision === 'relabel' ? label : ''});
    else this.found.delete(id);
    this.changed(id);
  }

  clear() { this.found.clear(); this.changed(null); }

  changed(id) {
    try { localStorage.setItem(this.key, this.text()); } catch { this.kept = false; }
    for (const watcher of this.watchers) watcher(id);
  }

  counts() {
    const found = {keep: 0, relabel: 0, drop: 0};
    for (const {decision} of this.found.values()) found[decision] += 1;
    return found;
  }

  // What config.noise.corrections reads: id,decision,label.
  csv() {
    const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = [...this.found].map(([id, {decision, label}]) => [id, decision, label].map(quoted).join(','));
    return ['id,decision,label', ...lines, ''].join('\n');
  }
}

function download(name, text) {
  const link = el('a', {href: URL.createObjectURL(new Blob([text], {type: 'text/csv'})), download: name});
  document.body.append(link);
  link.click();
  link.remove();
}
