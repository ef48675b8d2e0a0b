// What the run was, how noisy its labels are, how good it is, and what to do next.

function summary(audit) {
  const {run, summary: found} = audit;
  const {noise: told} = found;
  const tile = (value, said) => el('div', {class: 'tile'}, el('b', {}, value), el('span', {}, said));
  return el('section', {id: 'summary'},
    el('h2', {}, 'Summary'),
    el('p', {}, `${run.set}, ${plural(run.classes.length, 'class', 'classes')}: ${run.classes.join(', ')}.`),
    el('div', {class: 'tiles'},
      tile(count(run.examples), 'training labels'),
      tile(`≈ ${count(told.expected_wrong)}`, 'of them expected to be wrong'),
      tile(percent(told.rate, 1), told.rate_was_given ? 'noise rate, as you gave it' : 'estimated noise rate'),
      told.known_rate != null && tile(percent(told.known_rate, 1), `known noise rate: ${count(told.known_wrong)} of ${count(told.known)} labels`),
      found.accuracy.length > 0 && tile(percent(found.accuracy[0].last5, 1), `test accuracy, ${found.mean_of}`)),
    told.doubts.map((line) => el('p', {class: 'none'}, line)),
    el('div', {class: 'grid wide'},
      el('div', {class: 'stack'}, panel('Data', null, grid(null, found.data, [0, 1])),
      found.accuracy.length > 0 && panel('Accuracy on the test labels', 'The best epoch was chosen on the test set: never quote it as the accuracy of the method.',
        grid(['', 'last', found.mean_of, 'best (on test)'], found.accuracy.map((one) => [
          one.name, percent(one.last, 1), percent(one.last5, 1),
          [percent(one.best_on_test, 1), el('br'), el('span', {class: 'small quiet'}, `epoch ${one.best_epoch}`)]])),
        el('p', {class: 'small quiet', style: 'margin-top:10px'},
          `Network 1 after the last epoch: balanced accuracy ${percent(found.balanced_accuracy, 1)}, macro-F1 ${percent(found.macro_f1, 1)}.`))),
      panel('What to do next', null, el('ol', {class: 'next'}, found.next.map(([text, code]) =>
        el('li', {}, text, code && command(code)))))));
}
