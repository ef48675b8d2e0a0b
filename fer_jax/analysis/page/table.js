// Every label in one scrolling table, of which only the rows in sight exist.

const ROW = 28;
const TALLEST = 8e6; // pixels; browsers stop at some 17 million

class VirtualTable {
  constructor(audit, choose) {
    this.audit = audit;
    this.choose = choose;
    const {labels} = audit;
    this.columns = [
      ['#', 'n', '70px', (row) => count(row + 1)],
      ['id', '', '24%', (row) => labels.ids[row]],
      ['given', '', '', (row) => labels.names[labels.given[row]]],
      ['suggested', '', '', (row) => labels.names[labels.suggested[row]]],
      ['chance right', 'n', '', (row) => chance(labels.right[row])],
      ...range(labels.peers()).map((peer) =>
        [labels.peers() > 1 ? `network ${peer + 1}` : 'network', 'n', '', (row) => chance(labels.network(row, peer))]),
      ...(labels.final ? [['label at the end', '', '', (row) => labels.names[labels.final[row]]],
        ['flips', 'n', '60px', (row) => count(labels.flips[row])]] : []),
      ['decision', '', '', (row) => {
        const found = audit.decisions.of(labels.ids[row]);
        return found ? found.decision : '';
      }],
    ];
    const columns = () => el('colgroup', {}, this.columns.map(([, , width]) => el('col', {style: width ? `width:${width}` : ''})));
    const heads = el('div', {class: 'heads'}, el('table', {'aria-hidden': 'true'}, columns(),
      el('tbody', {}, el('tr', {}, this.columns.map(([name, side]) => el('th', {class: side}, name))))));
    this.body = el('tbody');
    this.table = el('table', {'aria-label': `Labels, by ${this.columns.map(([name]) => name).join(', ')}`, onclick: (event) => {
      const line = event.target.closest('tr');
      if (line) this.choose(+line.dataset.row);
    }}, columns(), this.body);
    this.space = el('div', {class: 'space'}, this.table);
    this.node = el('div', {class: 'virtual', id: 'table', tabindex: 0, role: 'region', 'aria-label': 'All labels', onscroll: () => this.draw()}, heads, this.space);
    audit.labels.watchers.push(() => { this.node.scrollTop = 0; this.draw(); });
    audit.decisions.watchers.push(() => this.draw());
    this.draw();
  }

  draw() {
    const {shown} = this.audit.labels;
    const tall = Math.min(TALLEST, shown.length * ROW);
    const view = 420 - ROW;
    this.space.style.height = `${Math.max(tall, 1)}px`;
    const visible = Math.ceil(view / ROW) + 1;
    const whole = shown.length * ROW;
    // Past TALLEST a pixel of scrolling stands for more than one of the table.
    const top = tall > view ? (this.node.scrollTop / (tall - view)) * (whole - view) : 0;
    const first = Math.max(0, Math.min(Math.floor(top / ROW), shown.length - visible + 1));
    const offset = whole > tall ? this.node.scrollTop : first * ROW;
    this.table.style.top = `${Math.max(0, Math.min(offset, tall - Math.min(visible, shown.length) * ROW))}px`;
    this.table.setAttribute('aria-rowcount', shown.length);
    this.body.replaceChildren(...Array.from(shown.subarray(first, first + visible), (row, i) =>
      el('tr', {'data-row': row, 'aria-rowindex': first + i + 1},
        this.columns.map(([, side, , cell]) => el('td', {class: side}, cell(row))))));
  }
}
