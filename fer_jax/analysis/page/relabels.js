// What became of labels that a method changes.

function relabels(audit) {
  const {relabels: found, run} = audit;
  return el('section', {id: 'relabels'},
    el('h2', {}, 'Relabelling'),
    el('p', {}, 'A label flips when the method changes it. A flip returns when it leads to a label that the example had before.'),
    unless(found, (found) => [
      el('div', {class: 'tiles'},
        [[count(found.changed), 'labels are others than given at the end'],
          [percent(found.precision, 1), 'of these are the clean one'],
          [count(found.flips), 'flips in all'],
          [count(found.returns), 'of them back to an earlier label'],
          [count(found.unsettled), 'examples that went back and forth']].map(([value, said]) =>
          el('div', {class: 'tile'}, el('b', {}, value), el('span', {}, said)))),
      el('div', {class: 'grid'},
        el('div', {class: 'panel'}, flipCounts(found.by_flips)),
        el('div', {class: 'panel'}, byEpoch({title: 'Flips by epoch'}, [
          {name: 'flips', values: found.by_epoch.flips, colour: 'var(--right)'},
          {name: 'of them back', values: found.by_epoch.returns, colour: 'var(--wrong)'},
        ], {domain: [0, Math.max(1, ...found.by_epoch.flips) * 1.05], format: short})),
        unless(found.by_epoch.precision, (values) => el('div', {class: 'panel'}, byEpoch({
          title: 'Precision of relabels', said: 'Of the labels that are not the given one, the share that is clean.',
        }, [{name: 'precision', values, colour: 'var(--right)'}], {domain: [0, 1.02], format: (value) => percent(value)})))),
      panel('Most unstable examples', 'The label after each epoch from left to right; the first cell is the given one.',
        classLegend(run.classes), history(audit, found.unstable)),
    ]));
}

function flipCounts(counts) {
  const last = counts.length - 1;
  const edges = range(last + 1).map((i) => i + 0.55);
  return chart({title: 'Examples by number of flips', said: `The last bar: ${last} and more.`}, {
    x: {domain: [0.5, last + 0.5], label: 'flips', ticks: range(last).map((i) => i + 1), format: (value) => (value === last ? `${value}+` : `${value}`)},
    y: {domain: [0.7, Math.max(2, ...counts.slice(1)) * 1.6], log: true, label: 'examples', format: short},
    marks: [{type: 'bars', counts: counts.slice(1), edges: edges.map((edge) => edge - 0.05), colour: 'var(--right)', opacity: 0.85}],
  });
}

function history(audit, unstable) {
  const {labels} = audit;
  return el('div', {class: 'scroll'}, el('table', {class: 'plain strips'},
    el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'face'), el('th', {scope: 'col', style: 'width:100%'}, 'labels'),
      el('th', {scope: 'col', class: 'n'}, 'flips'), el('th', {scope: 'col', class: 'n'}, 'back'))),
    el('tbody', {}, Array.from(unstable.rows, (row, i) => el('tr', {},
      el('td', {}, face(audit, row)),
      el('td', {}, el('span', {class: 'small quiet'}, labels.ids[row]), strip(part(unstable.labels, i), labels.names)),
      el('td', {class: 'n'}, count(unstable.flips[i])), el('td', {class: 'n'}, count(unstable.returns[i])))))));
}
