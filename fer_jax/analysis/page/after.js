// What the decisions of a review changed.

function after(audit) {
  const {after: found, labels} = audit;
  return el('section', {id: 'after'},
    el('h2', {}, 'After the review'),
    el('p', {}, 'What the decisions that this run learned from changed, and which of them it doubts.'),
    unless(found, (found) => {
      const decisions = JSON.parse(new TextDecoder().decode(found.decisions));
      return [
        el('p', {}, `Decided: ${found.counts}. Of ${plural(found.learned, 'label')} that a person judged and the networks learned from, they doubt ${count(found.doubts)}.`),
        el('div', {class: 'grid'},
          panel('Accuracy before and after', 'On the test labels; the first row is the mean of the last epochs, the others are of the last one.',
            unless(found.accuracy, (rows) => grid(['', 'before', 'after', 'change'], rows.map(([what, was, is]) =>
              [what, percent(was, 1), percent(is, 1), `${is < was ? '−' : '+'}${Math.abs(100 * (is - was)).toFixed(1)}`])))),
          panel('Decisions that are doubted', 'The label that was left is more probably wrong than right to networks that learned from it. Look once more.',
            found.rows.length ? el('ul', {class: 'faces'}, Array.from(found.rows, (row, i) => el('li', {},
              face(audit, row), el('b', {}, labels.names[labels.given[row]]), ` (${decisions[i]})`, el('br'),
              `suggested: ${labels.names[labels.suggested[row]]}`, el('br'), `chance right ${chance(labels.right[row])}`)))
              : el('p', {class: 'none'}, 'None.'))),
      ];
    }));
}
