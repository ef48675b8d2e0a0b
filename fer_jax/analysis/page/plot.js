// One chart: axes, and marks on them. Drawn at the width it has, so that its text is as
// large as the text around it, on a telephone too.

const MARGIN = {top: 8, right: 12, bottom: 40};
const BARE = 6; // what is left of the lower margin without an axis

// Round numbers between low and high, about `wanted` of them.
function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return range(Math.max(0, last - first + 1)).map((i) => (first + i) * step);
}

function decades(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.ceil((last - first + 1) / 6);
  return range(Math.max(0, last - first + 1)).filter((i) => i % every === 0).map((i) => 10 ** (first + i));
}

// value -> pixel; an axis is {domain, log, label, format, ticks}.
function scale(axis, from, to) {
  const turned = axis.log ? Math.log : (value) => value;
  const [low, high] = axis.domain.map(turned);
  return (value) => from + ((turned(value) - low) / (high - low || 1)) * (to - from);
}

const short = (value) =>
  Math.abs(value) >= 1e4 ? `${+(value / 1000).toPrecision(3)}k` : `${+value.toPrecision(3)}`;

// The SVG of a chart of `width` pixels.
//   spec: {x, y, marks, height, square, bare: without axes}; a mark is {type, colour, ...}:
//   line {points, width, dash}, bars {edges, counts, opacity, slot:
//   the part of a bin}, dots {points, radius,
//   radii, colours, names}, rule {x}
function plot(spec, width, title, said) {
  const format = {x: spec.x.format || short, y: spec.y.format || short};
  const yTicks = spec.y.ticks || (spec.y.log ? decades(...spec.y.domain) : ticks(...spec.y.domain, 4));
  const longest = Math.max(...yTicks.map((value) => format.y(value).length), 1);
  const left = 12 + 7 * longest + (spec.y.label ? 18 : 0);
  const inner = Math.max(60, width - left - MARGIN.right);
  const below = spec.bare ? BARE : MARGIN.bottom;
  const height = spec.square ? Math.min(inner, 420) + MARGIN.top + below : spec.height || 250;
  const right = spec.square ? left + height - MARGIN.top - below : left + inner;
  const bottom = height - below;
  const x = scale(spec.x, left, right);
  const y = scale(spec.y, bottom, MARGIN.top);
  const xTicks = spec.x.ticks || ticks(...spec.x.domain, Math.min(8, Math.floor((right - left) / 56)));
  const key = `c${plot.made = (plot.made || 0) + 1}`;
  const node = svg('svg', {
    width: right + MARGIN.right, height, role: 'img', 'aria-labelledby': `${key}t ${key}d`,
    viewBox: `0 0 ${right + MARGIN.right} ${height}`,
  },
  svg('title', {id: `${key}t`}, title), svg('desc', {id: `${key}d`}, said || ''),
  svg('clipPath', {id: `${key}p`}, svg('rect', {x: left, y: MARGIN.top - 4, width: right - left + 4, height: bottom - MARGIN.top + 4})),
  yTicks.map((value) => [
    svg('line', {class: 'hair', x1: left, x2: right, y1: y(value), y2: y(value)}),
    svg('text', {x: left - 6, y: y(value) + 4, 'text-anchor': 'end'}, format.y(value)),
  ]),
  xTicks.map((value) => svg('text', {x: x(value), y: bottom + 17, 'text-anchor': 'middle'}, format.x(value))),
  !spec.bare && svg('line', {class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom}),
  spec.x.label && svg('text', {x: (left + right) / 2, y: height - 4, 'text-anchor': 'middle'}, spec.x.label),
  spec.y.label && svg('text', {transform: `translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle'}, spec.y.label),
  svg('g', {'clip-path': `url(#${key}p)`}, spec.marks.map((mark) => MARKS[mark.type](mark, x, y, bottom, spec))));
  return node;
}

const path = (points, x, y) =>
  points.filter(([a, b]) => isFinite(a) && b != null && isFinite(b))
    .map(([a, b], i) => `${i ? 'L' : 'M'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join('');

const MARKS = {
  line: (mark, x, y) => svg('path', {
    d: path(mark.points, x, y), fill: 'none', stroke: mark.colour,
    'stroke-width': mark.width || 2, 'stroke-dasharray': mark.dash, 'stroke-linejoin': 'round',
  }),
  dots: (mark, x, y) => svg('g', {}, mark.points.map(([a, b], i) => svg('circle', {
    cx: x(a).toFixed(1), cy: y(b).toFixed(1), r: mark.radii ? mark.radii[i].toFixed(1) : mark.radius || 3,
    fill: mark.colours ? mark.colours[i] : mark.colour, 'fill-opacity': mark.opacity || 1,
  }, mark.names && svg('title', {}, mark.names[i])))),
  bars: (mark, x, y, bottom, spec) => svg('g', {fill: mark.colour, 'fill-opacity': mark.opacity || 0.7},
    mark.counts.map((number, i) => {
      if (!(number > 0)) return null;
      const top = Math.min(bottom, y(Math.max(number, spec.y.log ? spec.y.domain[0] : 0)));
      const [from, to] = mark.slot || [0, 1];
      const bin = x(mark.edges[i + 1]) - x(mark.edges[i]);
      const wide = Math.max(0.5, bin * (to - from) - (to < 1 ? 0 : 1));
      return svg('rect', {x: (x(mark.edges[i]) + from * bin).toFixed(1), y: top.toFixed(1), width: wide.toFixed(1), height: (bottom - top).toFixed(1)});
    })),
  rule: (mark, x, y, bottom) => svg('line', {
    x1: x(mark.x), x2: x(mark.x), y1: MARGIN.top, y2: bottom, stroke: mark.colour, 'stroke-dasharray': '3 3',
  }),
};

// A chart that redraws itself when its width changes or `update(spec)` is called.
//   about: {title, said, legend: [[colour, text, 'line'?], ...]}
function chart(about, spec) {
  const space = el('div');
  const legend = about.legend && el('ul', {class: 'legend'}, about.legend.map(([colour, text, kind]) =>
    el('li', {}, el('i', {class: kind || '', style: `background:${colour}`}), text)));
  const node = el('figure', {class: 'chart'},
    el('figcaption', {}, el('h3', {}, about.title), about.said && el('span', {class: 'small'}, about.said)),
    legend, space);
  let now = spec;
  let width = 0;
  const draw = () => { if (width) space.replaceChildren(plot(now, width, about.title, about.said)); };
  new ResizeObserver(([entry]) => {
    const wanted = Math.round(entry.contentRect.width);
    if (Math.abs(wanted - width) > 1) { width = wanted; draw(); }
  }).observe(space);
  node.update = (changed) => { now = changed; draw(); };
  return node;
}
