// What the networks are like: confusions, embeddings, where they look, whom they trust.

function networks(audit) {
  const {networks: found, run} = audit;
  return el('section', {id: 'networks'},
    el('h2', {}, 'Networks'),
    el('p', {}, 'What they confuse, how they see faces, where they look, whom they trust, and how alike they are.'),
    el('div', {class: 'grid wide'},
      unless(found.test, (test) => confusions(test, run.classes)),
      unless(found.alike, likeness)),
    unless(found.weighted, (weighted) => [
      facesOf(audit, 'Most weighted faces', weighted.said, weighted.most),
      facesOf(audit, 'Least weighted faces', 'A face here is mislabelled, hard to tell, or of a rare class.', weighted.least),
    ]),
    unless(found.space, (space) => embeddings(audit, space)),
    found.cam !== found.space && unless(found.cam, (cam) => gradcam(audit, cam)));
}

function confusions(test, names) {
  const values = rows(test.confusion);
  const total = values.map((line) => line.reduce((sum, value) => sum + value, 0));
  return [
    panel('Confusion matrix', test.said, matrix(values, names, {
      corner: 'true', format: count, caption: 'Row: true class. Column: what network 1 says.',
    }, (value, line) => Math.sqrt(value / Math.max(1, line.reduce((sum, one) => sum + one, 0))))),
    panel('Recall by class', 'Of the test faces of a class, the share that network 1 finds.',
      grid(['class', 'test faces', 'recall'], names.map((name, i) => [name, count(total[i]), percent(test.recalls[i], 1)]))),
  ];
}

function likeness(alike) {
  const by = el('div', {class: 'panel'}, byEpoch({title: 'How alike the networks are', said: alike.said}, [
    {name: 'correlation', values: alike.correlation, colour: 'var(--right)'},
  ], {domain: [Math.min(0, ...alike.correlation), 1.02], label: 'correlation'}));
  return alike.probs ? [by, el('div', {class: 'panel'}, chart({
    title: 'Similarity of their predictions', said: `Cosine of the class probabilities of two networks; the same class for ${percent(alike.same, 1)} of the faces.`,
  }, {
    x: {domain: [0, 1], label: 'cosine'}, y: {domain: [0.7, Math.max(...alike.probs.counts) * 1.4], log: true, label: 'faces', format: short},
    marks: [{type: 'bars', edges: alike.probs.edges, counts: Array.from(alike.probs.counts), colour: 'var(--other)'}],
  }))] : by;
}

function facesOf(audit, heading, said, chosen) {
  const {labels} = audit;
  return el('div', {class: 'panel', style: 'margin-bottom:16px'}, el('h3', {}, heading), el('p', {class: 'quiet small'}, said),
    el('ul', {class: 'faces'}, Array.from(chosen.rows, (row, i) => el('li', {},
      face(audit, row), el('b', {}, labels.names[labels.given[row]]),
      el('br'), `trust ${chance(chosen.weights[i])}`))));
}

function embeddings(audit, space) {
  const {run, labels} = audit;
  const plane = (heading, said, classes) => {
    const points = range(space.plane.shape[0]).map((i) => [space.plane[2 * i], space.plane[2 * i + 1]]);
    const bounds = (axis) => {
      const values = points.map((point) => point[axis]);
      const low = Math.min(...values); const high = Math.max(...values); const edge = 0.04 * (high - low);
      return [low - edge, high + edge];
    };
    return el('div', {class: 'panel'}, chart({title: heading, said, legend: run.classes.map((name, i) => [classColour(i), name])}, {
      square: true, bare: true, x: {domain: bounds(0), ticks: []}, y: {domain: bounds(1), ticks: []},
      marks: [{type: 'dots', radius: 2.4, opacity: 0.75, points, colours: Array.from(classes, (c) => (c < 0 ? 'var(--line)' : classColour(c)))}],
    }));
  };
  return [
    el('div', {class: 'grid'},
      plane('Embeddings by given label', space.said, space.given),
      space.clean && plane('Embeddings by clean label', 'The same faces; grey: the clean label is not known.', space.clean),
      panel('Compactness', space.compact_said, grid(['class', 'faces', 'mean distance', 'deviation'], run.classes.map((name, i) =>
        [name, count(space.count[i]), fixed(space.mean[i], 2), fixed(space.deviation[i], 2)])))),
    panel('Distances to all centres', 'Of suspicious faces: the nearest class centre in bold, the given label underlined.',
      el('div', {class: 'scroll'}, el('table', {class: 'plain strips'},
        el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'face'), el('th', {scope: 'col'}, 'given'), run.classes.map((name) => el('th', {scope: 'col', class: 'n'}, name)))),
        el('tbody', {}, Array.from(space.chosen.rows, (row, i) => {
          const line = Array.from(part(space.chosen.distances, i));
          const least = Math.min(...line.filter(isFinite));
          return el('tr', {}, el('td', {}, face(audit, row)), el('td', {}, labels.names[labels.given[row]]), line.map((value, c) => {
            const text = c === labels.given[row] ? el('u', {}, fixed(value, 2)) : fixed(value, 2);
            return el('td', {class: 'n'}, value === least ? el('b', {}, text) : text);
          }));
        }))))),
  ];
}

function gradcam(audit, cam) {
  const {labels} = audit;
  const url = (maps, i) => {
    const bytes = maps.bytes.subarray(i ? maps.ends[i - 1] : 0, maps.ends[i]);
    return URL.createObjectURL(new Blob([bytes], {type: cam.type}));
  };
  return el('div', {class: 'panel', style: 'margin-top:16px'}, el('h3', {}, 'Where network 1 looks'), el('p', {class: 'quiet small'}, cam.said),
    el('ul', {class: 'cam'}, Array.from(cam.rows, (row, i) => el('li', {},
      face(audit, row),
      el('img', {src: url(cam.given, i), loading: 'lazy', alt: `what speaks for ${labels.names[labels.given[row]]}`}),
      el('img', {src: url(cam.suggested, i), loading: 'lazy', alt: `what speaks for ${labels.names[cam.other[i]]}`}),
      el('span', {}, ''), el('span', {}, 'given: ', el('b', {}, labels.names[labels.given[row]])),
      el('span', {}, 'suggested: ', el('b', {}, labels.names[cam.other[i]]))))));
}
