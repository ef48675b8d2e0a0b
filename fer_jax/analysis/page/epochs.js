// How the run came to its opinion: the signal of each epoch and the mixture over it.

const TRUTH = {right: 'var(--right)', wrong: 'var(--wrong)', unknown: 'var(--quiet)'};

function epochs(audit) {
  const {epochs: found, run} = audit;
  return el('section', {id: 'epochs'},
    el('h2', {}, 'By epoch'),
    el('p', {}, 'What the networks thought of the given labels after each epoch, and what the method made of it.'),
    unless(found, (found) => [
      el('div', {class: 'grid wide'},
        el('div', {class: 'panel'}, histograms(found, run)),
        el('div', {class: 'panel'}, accuracies(found))),
      el('div', {class: 'grid wide'},
        unless(found.separation, (values) => el('div', {class: 'panel'}, separations(values, found, run))),
        unless(found.weights, (weights) => el('div', {class: 'panel'}, byEpoch({
          title: 'Mean trust by class', said: `Who is being down-weighted? ${weights.said}`,
        }, run.classes.map((name, i) => ({
          name, colour: classColour(i), values: rows(weights.mean).map((line) => (isFinite(line[i]) ? line[i] : null)),
        })), {domain: [0, 1.02], format: (value) => percent(value)})))),
    ]));
}

function separations(values, found, run) {
  const {fallbacks} = found;
  return byEpoch({
    title: 'Separation',
    said: `Distance between the means of the two components. ${fallbacks.length === 0 ? 'Every fit was valid.'
      : `Fits that were not valid, so that the last valid one stayed: ${fallbacks.map(([epoch, peer]) => `epoch ${epoch} (network ${peer})`).join(', ')}.`}`,
  }, range(run.networks).map((peer) => ({
    name: `network ${peer + 1}`, colour: peer ? 'var(--other)' : 'var(--right)',
    values: rows(values).map((line) => (isFinite(line[peer]) ? line[peer] : null)),
  })), {domain: [0, Math.max(0.1, ...Array.from(values).filter(isFinite)) * 1.05]});
}

function accuracies(found) {
  const series = found.accuracy.map(([name, values], i) => ({name, values, colour: ['var(--right)', 'var(--other)', 'var(--amber)'][i % 3]}));
  if (found.auroc) series.push({name: 'AUROC of wrong labels', values: found.auroc, colour: 'var(--wrong)', dash: '5 4'});
  const all = series.flatMap((one) => one.values).filter((value) => value != null);
  const low = Math.max(0, Math.min(...all) - 0.04);
  return byEpoch({title: found.auroc ? 'Test accuracy, and how well wrong labels are found' : 'Test accuracy', said: 'On clean test labels where they are known.', legend: true, height: 330}, series,
    {domain: [low, Math.min(1, Math.max(...all) + 0.04)], format: (value) => percent(value)});
}

function histograms(found, run) {
  const {counts, parts, edges, density} = found.histogram;
  const groups = Object.entries(parts);
  const bins = edges.length - 1;
  const last = run.epochs - 1;
  const now = {epoch: last, peer: 0};
  const most = Math.max(...counts);
  const spec = () => {
    const shown = (values) => Array.from(part(part(values, now.epoch), now.peer));
    const marks = groups.length ? groups.map(([name, values], i) => ({
      type: 'bars', edges, counts: shown(values), colour: TRUTH[name], slot: [i / groups.length, (i + 1) / groups.length],
    })) : [{type: 'bars', edges, counts: shown(counts), colour: 'var(--right)'}];
    if (density) {
      const each = part(part(density.values, now.epoch), now.peer); // [2, K]
      ['var(--wrong)', 'var(--right)'].forEach((colour, k) => {
        const values = part(each, k);
        marks.push({type: 'line', colour, points: Array.from(density.x, (x, i) => [x, values[i] > 0 ? values[i] : NaN])});
      });
    }
    return {
      x: {domain: [edges[0], edges[bins]], label: found.histogram.label},
      y: {domain: [0.7, most * 1.4], log: true, label: 'labels', format: short}, marks, height: 290,
    };
  };
  const legend = groups.length ? groups.map(([name]) => [TRUTH[name], name]) : [['var(--right)', 'labels']];
  if (density) legend.push(['var(--wrong)', 'fitted: wrong', 'line'], ['var(--right)', 'fitted: right', 'line']);
  const drawn = chart({title: found.histogram.title, said: found.histogram.said, legend}, spec());
  const value = el('output', {}, `${last + 1}`);
  const slider = el('input', {type: 'range', id: 'epoch', min: 1, max: run.epochs, value: run.epochs, oninput: (event) => {
    now.epoch = +event.target.value - 1;
    value.textContent = event.target.value;
    drawn.update(spec());
  }});
  const peer = run.networks > 1 && el('select', {'aria-label': 'Network', onchange: (event) => { now.peer = +event.target.value; drawn.update(spec()); }},
    range(run.networks).map((i) => el('option', {value: i}, `network ${i + 1}`)));
  return [drawn, el('div', {class: 'slider'}, peer, el('label', {}, 'Epoch ', value, slider))];
}
