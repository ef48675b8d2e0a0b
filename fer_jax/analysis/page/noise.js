// How labels go wrong, and how well the audit finds the wrong ones.

function noise(audit) {
  const {run, noise: found} = audit;
  return el('section', {id: 'noise'},
    el('h2', {}, 'Noise'),
    el('p', {}, 'Which classes are labelled as which others, and, where clean labels are known, how well wrong labels are found.'),
    unless(found.transitions, (one) => transitions(one, run.classes)),
    unless(found.detection, detection));
}

function transitions(found, names) {
  const one = (heading, values, said) => panel(heading, said, matrix(values, names, {
    corner: 'true', format: (value) => percent(value), caption: 'Row: true class. Column: given label. Each row sums to 100 %.',
  }, (value) => Math.sqrt(value)));
  return el('div', {class: 'grid wide'},
    one('Estimated transition matrix', rows(found.estimated), 'From the calibrated probabilities and the suggested labels alone.'),
    found.counted && one('True transition matrix', rows(found.counted), 'Counted where the clean label is known.'));
}

function detection(found) {
  const share = {domain: [0, 1], format: (value) => percent(value), ticks: [0, 0.25, 0.5, 0.75, 1]};
  const diagonal = {type: 'line', colour: 'var(--line)', width: 1.5, points: [[0, 0], [1, 1]]};
  const zip = (a, b) => Array.from(a, (value, i) => [value, b[i]]);
  const {reliability} = found;
  const said = zip(reliability.said, reliability.right);
  const sizes = Array.from(reliability.count);
  const numbers = [
    ['AUROC', fixed(found.auroc), 'chance that a wrong label is trusted less than a right one'],
    ['average precision', fixed(found.average_precision), 'mean precision over all thresholds'],
    ['precision at the true count', fixed(found.precision_at_true_count), `wrong ones among the ${count(found.wrong)} least trusted, as many as are wrong`],
    ['false negatives at the noise rate', fixed(found.false_negative_rate), 'wrong labels that are missed then'],
  ];
  return [
    el('div', {class: 'grid'},
      el('div', {class: 'panel'}, chart({title: 'ROC', said: `AUROC ${fixed(found.auroc)}`}, {
        square: true, x: {...share, label: 'right labels called wrong'}, y: {...share, label: 'wrong labels found'},
        marks: [diagonal, {type: 'line', colour: 'var(--right)', points: zip(found.curve.false_alarms, found.curve.recall)}],
      })),
      el('div', {class: 'panel'}, chart({title: 'Precision and recall', said: `average precision ${fixed(found.average_precision)}; dashed: calling labels wrong blindly`}, {
        square: true, x: {...share, label: 'wrong labels found'}, y: {...share, label: 'of those called wrong, wrong'},
        marks: [
          {type: 'line', colour: 'var(--quiet)', width: 1, dash: '3 3', points: [[0, found.rate], [1, found.rate]]},
          {type: 'line', colour: 'var(--right)', points: zip(found.curve.recall, found.curve.precision)}],
      })),
      el('div', {class: 'panel'}, chart({title: 'Calibration', said: `Is what is called right with 80 % right in 80 % of the cases? Expected error ${percent(reliability.error, 1)}; large dots: many labels`}, {
        square: true, x: {...share, label: 'said: right with'}, y: {...share, label: 'found to be right'},
        marks: [diagonal, {type: 'line', colour: 'var(--right)', points: said.filter(([a, b]) => isFinite(a) && isFinite(b))},
          {type: 'dots', colour: 'var(--right)', points: said.filter(([a]) => isFinite(a)),
            radii: sizes.filter((size) => size > 0).map((size) => 1.5 + 5 * Math.sqrt(size / Math.max(...sizes))),
            names: sizes.filter((_, i) => isFinite(said[i][0])).map((size) => plural(size, 'label'))}],
      }))),
    panel('Finding wrong labels, in numbers', `${count(found.known)} labels with a known clean one; ${count(found.wrong)} of them are wrong.`,
      grid(null, numbers, [0, 2])),
  ];
}
