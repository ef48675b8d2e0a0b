// What the page draws more than once: curves by epoch, matrices, sparklines, faces.

// Lines over epochs 1 ... E. series: [{name, values, colour, dash}]
function byEpoch(about, series, y) {
  const epochs = Math.max(...series.map((one) => one.values.length));
  const marks = series.map(({values, colour, dash}) => ({
    type: 'line', colour, dash, points: Array.from(values, (value, i) => [i + 1, value]),
  }));
  if (epochs === 1) {
    for (const mark of marks) Object.assign(mark, {type: 'dots', points: mark.points.filter(([, b]) => b != null)});
  }
  const legend = series.length > 1 || about.legend
    ? series.map(({name, colour}) => [colour, name, 'line']) : undefined;
  const whole = ticks(1, Math.max(2, epochs), 7).filter(Number.isInteger);
  return chart({...about, legend}, {
    x: {domain: [epochs === 1 ? 0 : 1, Math.max(2, epochs)], label: 'epoch', ticks: whole},
    y, marks, height: about.height,
  });
}

// A matrix as a table whose cells are the darker the larger they are.
//   said: {corner, caption, format}; shade(value, row) in [0, 1]
function matrix(values, names, said, shade) {
  return [el('div', {class: 'scroll'}, el('table', {class: 'matrix'},
    el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, said.corner || ''),
      names.map((name) => el('th', {scope: 'col'}, name.slice(0, 9))))),
    el('tbody', {}, values.map((line, i) => el('tr', {}, el('th', {scope: 'row'}, names[i]),
      line.map((value, j) => {
        const strength = Math.max(0, Math.min(1, shade(value, line))) || 0;
        const colour = i === j ? '--right' : '--wrong';
        return el('td', {
          style: `background:color-mix(in srgb, var(${colour}) ${(62 * strength).toFixed(0)}%, var(--paper))`,
        }, said.format(value));
      })))))), el('p', {class: 'quiet small', style: 'margin-top:8px'}, said.caption)];
}

// A small curve of each network's opinion of one example, 0 at the bottom.
//   values: [P, E] bytes, 255 the highest
function sparkline(values, said, width = 132, height = 34) {
  const [peers, epochs] = values.shape;
  const x = (epoch) => 2 + (epoch / Math.max(1, epochs - 1)) * (width - 4);
  const y = (value) => height - 2 - (value / 255) * (height - 4);
  const node = svg('svg', {width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': said},
    svg('title', {}, said), svg('line', {class: 'axis', x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5}));
  for (let p = peers - 1; p >= 0; p--) {
    const points = range(epochs).map((e) => `${x(e).toFixed(1)},${y(values[p * epochs + e]).toFixed(1)}`);
    node.append(epochs > 1
      ? svg('polyline', {points: points.join(' '), fill: 'none', 'stroke-width': 1.6, stroke: p ? 'var(--other)' : 'var(--right)'})
      : svg('circle', {cx: width / 2, cy: y(values[p]), r: 2.5, fill: 'var(--right)'}));
  }
  return node;
}

// The label of an example after each epoch, a coloured cell an epoch.
function strip(labels, names, height = 18) {
  const wide = 100 / labels.length;
  const words = Array.from(labels, (label) => names[label]);
  const said = words.filter((word, i) => i === 0 || word !== words[i - 1]).join(' → ');
  return svg('svg', {class: 'strip', height, viewBox: `0 0 100 ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': said},
    svg('title', {}, said),
    words.map((_, i) => svg('rect', {
      x: i * wide, y: 0, width: wide, height, style: `fill:${classColour(labels[i])}`,
    })));
}

const classLegend = (names) => el('ul', {class: 'legend'},
  names.map((name, i) => el('li', {}, el('i', {style: `background:${classColour(i)}`}), name)));

// The picture of a row of the table, or a blank where the page has none.
function face(audit, row, said) {
  const url = audit.picture(row);
  return el('div', {class: 'face'}, url
    ? el('img', {src: url, alt: said || '', loading: 'lazy', width: 96, height: 96})
    : el('div', {class: 'blank'}, 'no picture'));
}
